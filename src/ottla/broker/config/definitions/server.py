# ruff: noqa: ISC004 (rows hold a sentence that takes several lines)
"""Configs of the broker itself: who it is, where it listens, what it lets in, what it keeps where."""

from dataclasses import replace

from ottla.broker.config.definition import Definition, Importance
from ottla.broker.config.definitions.shorthand import (
    BOOLEAN,
    CLUSTER_WIDE,
    HIGH,
    INT,
    LIST,
    LONG,
    LOW,
    MAX_INT,
    MEDIUM,
    READ_ONLY,
    STRING,
    table,
)
from ottla.broker.config.rules import ConnectionOverrides, ListenAddress, at_least, one_of
from ottla.broker.config.types import ConfigType

SERVER = table(
    ("node.id", INT, 1, at_least(0), HIGH, READ_ONLY,
     "This broker's id, unique in the cluster and kept with its data."),
    ("broker.id", INT, -1, None, HIGH, READ_ONLY,
     "The older name of node.id. Where both are set they must be equal."),
    ("broker.rack", STRING, None, None, MEDIUM, READ_ONLY,
     "The rack or zone that the broker stands in. Replicas are spread over racks; clients are told of it."),
    ("log.dir", LIST, ("data",), None, HIGH, READ_ONLY,
     "Where the data is kept, when log.dirs is not set."),
    ("log.dirs", LIST, None, None, HIGH, READ_ONLY,
     "The directory in which partitions and metadata are kept. log.dir is used when this is not set."),
    ("listeners", LIST, ("PLAINTEXT://127.0.0.1:9092",), None, HIGH, READ_ONLY,
     "Addresses to listen on, as NAME://host:port. An empty host means every address of this machine, port 0 "
     "any free port. NAME is a security protocol, or mapped to one by listener.security.protocol.map."),
    ("advertised.listeners", LIST, None, None, HIGH, READ_ONLY,
     "Addresses that clients are told to connect to, as NAME://host:port, for listeners of the same names. "
     "Without it each client is told the address that it dialled, which is right unless something translates "
     "addresses between it and the broker."),
    ("listener.security.protocol.map", STRING,
     "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", None, LOW, READ_ONLY,
     "Pairs NAME:PROTOCOL that give each listener name its security protocol."),
    ("controller.listener.names", LIST, None, None, HIGH, READ_ONLY,
     "Names of listeners that are meant for Apache Kafka's controllers. Ottla has no such port of its own: "
     "listeners with these names are not opened."),
    ("socket.send.buffer.bytes", INT, 102400, None, HIGH, READ_ONLY,
     "SO_SNDBUF of the sockets; -1 leaves it to the operating system."),
    ("socket.receive.buffer.bytes", INT, 102400, None, HIGH, READ_ONLY,
     "SO_RCVBUF of the sockets; -1 leaves it to the operating system."),
    ("socket.request.max.bytes", INT, 104857600, at_least(1), HIGH, READ_ONLY,
     "The largest request that is read; a connection that announces a larger one is closed."),
    ("socket.listen.backlog.size", INT, 50, at_least(1), MEDIUM, READ_ONLY,
     "How many connections may wait to be accepted. The operating system may cap it."),
    ("max.connections", INT, MAX_INT, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How many connections the broker holds at once."),
    ("max.connections.per.ip", INT, MAX_INT, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How many connections one address may hold at once."),
    ("max.connections.per.ip.overrides", STRING, "", ConnectionOverrides(), MEDIUM, CLUSTER_WIDE,
     "Exceptions to max.connections.per.ip, as a list of host:number."),
    ("connections.max.idle.ms", LONG, 600000, None, MEDIUM, READ_ONLY,
     "A connection that sends nothing for this long is closed."),
    ("max.connection.creation.rate", INT, MAX_INT, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How many new connections are accepted in a second; the others wait to be accepted."),
    ("queued.max.request.bytes", LONG, -1, None, MEDIUM, READ_ONLY,
     "Beyond so many bytes of unanswered requests no more are read; -1 is no limit."),
    ("fetch.max.bytes", INT, 57671680, at_least(1024), MEDIUM, READ_ONLY,
     "The most that one fetch is answered with, whatever it asks for. A single larger batch is still sent."),
    ("max.incremental.fetch.session.cache.slots", INT, 1000, at_least(0), MEDIUM, READ_ONLY,
     "How many incremental fetch sessions are kept. Beyond it, clients fetch without one."),
    ("max.request.partition.size.limit", INT, 2000, at_least(1), MEDIUM, READ_ONLY,
     "How many partitions one DescribeTopicPartitions reply holds."),
    ("auto.create.topics.enable", BOOLEAN, True, None, HIGH, READ_ONLY,
     "Create a topic when a client asks for its metadata and allows it."),
    ("delete.topic.enable", BOOLEAN, True, None, HIGH, READ_ONLY,
     "Whether topics may be deleted."),
    ("num.partitions", INT, 1, at_least(1), MEDIUM, READ_ONLY,
     "Partitions of a topic whose creator does not say how many."),
    ("default.replication.factor", INT, 1, None, MEDIUM, READ_ONLY,
     "Replicas of a topic whose creator does not say how many."),
    ("num.recovery.threads.per.data.dir", INT, 2, at_least(1), HIGH, CLUSTER_WIDE,
     "How many logs are opened, and recovered after a crash, at the same time at start."),
    ("producer.id.expiration.ms", INT, 86400000, at_least(1), LOW, CLUSTER_WIDE,
     "How long a partition remembers a producer that writes no more, in milliseconds."),
)  # fmt: skip
"""Kafka's own names. One row each: name, type, default, rule, importance, mode, documentation."""

INTERNAL = tuple(
    replace(definition, internal=True)
    for definition in table(
        ("producer.id.expiration.check.interval.ms", INT, 600000, at_least(1), LOW, READ_ONLY,
         "How often it is looked which producers are to be forgotten."),
    )
)  # fmt: skip
"""Kafka's own too, and shown by neither."""


def _own(name: str, kind: ConfigType, **rest: object) -> Definition:
    base = Definition(
        name=name, type=kind, default=None, importance=Importance.MEDIUM, documentation="", own=True
    )
    return replace(base, **rest)  # type: ignore[arg-type]


OWN = (
    _own(
        "log.flush.acks",
        ConfigType.STRING,
        default="all",
        rule=one_of("none", "all"),
        documentation="all: a produce with acks=all is answered only when its records are synced to the "
        "disk. none: when they are in the operating system's cache, as Apache Kafka does.",
    ),
    _own(
        "metrics.listen",
        ConfigType.STRING,
        rule=ListenAddress(),
        documentation="host:port of an HTTP server with the metrics at /metrics, in Prometheus' format. "
        "Not set, there is none.",
    ),
)
"""Ottla's own names, kept few."""
