"""The dotted names of Java's clients and of librdkafka, for those who bring their configuration with them.

Most are this package's options with dots for underscores. The tables say what else there is: other names for the
same, other units, and names that stand for something that does not exist here.
"""

import logging
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from ottla.client.config.files import key_and_trust
from ottla.client.config.options import OptionError
from ottla.client.config.settings import AdminSettings, ClientSettings, ConsumerSettings, ProducerSettings
from ottla.client.config.values import SPECIAL, joined, value_of

_log = logging.getLogger("ottla.client")

SERVERS = "bootstrap.servers"

OTHER_NAMES = {
    "metadata.broker.list": SERVERS,
    "batch.num.bytes": "batch.size",
    "compression.codec": "compression.type",
    "compression.gzip.level": "compression.level",
    "compression.lz4.level": "compression.level",
    "compression.zstd.level": "compression.level",
    "fetch.message.max.bytes": "max.partition.fetch.bytes",
    "fetch.wait.max.ms": "fetch.max.wait.ms",
    "max.in.flight": "max.in.flight.requests.per.connection",
    "message.max.bytes": "max.request.size",
    "message.send.max.retries": "retries",
    "message.timeout.ms": "delivery.timeout.ms",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
    "sasl.mechanisms": "sasl.mechanism",
    "sasl.password": "sasl.plain.password",
    "sasl.username": "sasl.plain.username",
    "socket.timeout.ms": "request.timeout.ms",
    "ssl.ca.location": "ssl.cafile",
    "ssl.ca.pem": "ssl.cafile",
    "ssl.certificate.location": "ssl.certfile",
    "ssl.certificate.pem": "ssl.certfile",
    "ssl.key.location": "ssl.keyfile",
    "ssl.key.password": "ssl.password",
    "ssl.key.pem": "ssl.keyfile",
    "topic.metadata.refresh.interval.ms": "metadata.max.age.ms",
}
"""librdkafka's and older names, and the one that is used here."""

WITHOUT_MEANING = frozenset(
    """
    auto.include.jmx.reporter batch.num.messages broker.address.family broker.address.ttl broker.version.fallback
    api.version.request api.version.request.timeout.ms api.version.fallback.ms builtin.features client.software.name
    client.software.version config.providers consume.callback.max.messages coordinator.query.interval.ms debug
    delivery.report.only.error enable.auto.offset.store enable.gapless.guarantee enable.metrics.push
    enable.partition.eof enable.random.seed enable.sasl.oauthbearer.unsecure.jwt fetch.error.backoff.ms
    fetch.queue.backoff.ms interceptor.classes internal.termination.signal log.connection.close log.queue
    log.thread.name log_level message.copy.max.bytes metadata.max.idle.ms metric.reporters
    metrics.num.samples metrics.recording.level metrics.sample.window.ms offset.store.method open_cb
    partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms
    plugin.library.paths queue.buffering.backpressure.threshold
    queue.buffering.max.messages queued.max.messages.kbytes queued.min.messages queuing.strategy
    receive.buffer.bytes receive.message.max.bytes sasl.client.callback.handler.class sasl.kerberos.keytab
    sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.principal
    sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor
    sasl.login.callback.handler.class sasl.login.class sasl.login.connect.timeout.ms sasl.login.read.timeout.ms
    sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
    sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms
    sasl.oauthbearer.config security.providers send.buffer.bytes share.acknowledgement.mode socket.blocking.max.ms
    socket.connection.setup.timeout.max.ms socket.keepalive.enable socket.max.fails socket.nagle.disable
    socket.receive.buffer.bytes socket.send.buffer.bytes ssl.cipher.suites ssl.curves.list ssl.enabled.protocols
    ssl.engine.factory.class ssl.keymanager.algorithm ssl.protocol ssl.provider ssl.secure.random.implementation
    ssl.sigalgs.list ssl.trustmanager.algorithm statistics.interval.ms sticky.partitioning.linger.ms
    topic.blacklist topic.metadata.propagation.max.ms topic.metadata.refresh.fast.interval.ms
    topic.metadata.refresh.sparse transaction.two.phase.commit.enable
    """.split()  # noqa: SIM905 - a list of 90 quoted words is harder to read
)
"""Names that Kafka or librdkafka know and that do nothing here."""

CALLBACKS = {
    "error_cb",
    "log_cb",
    "logger",
    "oauth_cb",
    "on_commit",
    "on_delivery",
    "stats_cb",
    "throttle_cb",
}
"""What confluent-kafka's dictionaries have besides."""

_warned: set[str] = set()


def from_config(kind: type[ClientSettings], config: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    """Bootstrap servers and options. Raises OptionError for a name that nobody knows, with the nearest one.

    A name that is known but does nothing here is reported once, as a warning.
    """
    if not isinstance(config, Mapping):
        raise OptionError(
            f"{config!r} is no configuration; give a dict: {{'{SERVERS}': 'localhost:9092', …}}"
        )
    servers = "localhost:9092"
    options: dict[str, Any] = {}
    remaining, files = key_and_trust(config)
    for name, value in remaining.items():
        own = OTHER_NAMES.get(name, name)
        if own == SERVERS:
            servers = joined(value)
        else:
            options.update(_option(kind, name, own.replace(".", "_"), value))
    return servers, {**options, **files}


def _option(kind: type[ClientSettings], name: str, option: str, value: object) -> dict[str, Any]:
    kinds = {field.name: field.type for field in fields(kind)}
    if name in SPECIAL:
        told = SPECIAL[name](value)
        if told.keys() <= kinds.keys():
            return told
        _warn_once(name, kind)
        return {}
    if option in kinds:
        return {option: value_of(name, option, kinds[option], value)}
    if name in WITHOUT_MEANING or any(option in names for names in _names_of_all()):
        _warn_once(name, kind)
        return {}
    raise OptionError(_unknown(name, kinds))


def _names_of_all() -> list[set[str]]:
    return [
        {field.name for field in fields(kind)} for kind in (AdminSettings, ConsumerSettings, ProducerSettings)
    ]


def _warn_once(name: str, kind: type[ClientSettings]) -> None:
    if name not in _warned:
        _warned.add(name)
        _log.warning("%s does nothing in this %s", name, kind.__name__.removesuffix("Settings").lower())


def _unknown(name: str, kinds: Mapping[str, object]) -> str:
    if name in CALLBACKS:
        return f"there is no {name} here: errors are raised by the call that met them, deliveries are awaited"
    known = [
        SERVERS,
        *OTHER_NAMES,
        *WITHOUT_MEANING,
        *SPECIAL,
        *(option.replace("_", ".") for option in kinds),
    ]
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"there is no config {name}" + (f"; did you mean {nearest[0]}?" if nearest else "")
