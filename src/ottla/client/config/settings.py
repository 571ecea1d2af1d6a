"""What a client was told: Kafka's names, units and (unless said) the Java clients' defaults, checked.

`settings_from(ProducerSettings, options)` makes them from a user's keyword arguments (`ottla.client.config.options`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ottla.client.config.options import OAuthTokenProvider, OptionError, Partitioner
from ottla.client.config.rules import check
from ottla.records.compression import Codec

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from ottla.client.serdes import Serde

_EVER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Of every client."""

    client_id: str = "ottla"
    """What the brokers call this client in their logs, metrics and quotas."""
    request_timeout_ms: int = 30_000
    """How long an answer is waited for; then the connection is closed."""
    default_api_timeout_ms: int = 60_000
    """How long a call that retries goes on doing so."""
    socket_connection_setup_timeout_ms: int = 10_000
    """For TCP and TLS, and again for each answer until the client is let in."""
    connections_max_idle_ms: int = 540_000
    """A connection unused for so long is closed; -1 for never."""
    client_dns_lookup: str = "use_all_dns_ips"
    """`resolve_canonical_bootstrap_servers_only` takes each bootstrap host for all the hosts it stands for."""
    retry_backoff_ms: int = 100
    """Before the second attempt, doubled each time, ±20 % (KIP-580)."""
    retry_backoff_max_ms: int = 1_000
    reconnect_backoff_ms: int = 50
    """How long a broker that could not be reached is let alone, doubled each time."""
    reconnect_backoff_max_ms: int = 1_000
    metadata_max_age_ms: int = 300_000
    """What is known about brokers and topics is asked for again after this, also without a sign of change."""
    metadata_recovery_strategy: str = "rebootstrap"
    """What to do when no known broker answers: start again from the bootstrap servers (KIP-899), or none."""
    metadata_recovery_rebootstrap_trigger_ms: int = 300_000
    """Also after so long without an answer about metadata (KIP-1102)."""
    security_protocol: str = "PLAINTEXT"
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
    sasl_mechanism: str | None = None
    """PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER."""
    sasl_plain_username: str | None = None
    """For PLAIN and SCRAM alike, as in other Python clients."""
    sasl_plain_password: str | None = field(default=None, repr=False)
    sasl_oauth_token_provider: OAuthTokenProvider | None = None
    """Something with `async def token(self) -> str`, or such a function; asked on every connection and
    before a session ends."""
    ssl_context: SSLContext | None = None
    """Instead of all other ssl options."""
    ssl_cafile: str | None = None
    """Who signs the brokers' certificates: a path, or the PEM text itself. Default: the system's authorities."""
    ssl_certfile: str | None = None
    """This client's certificate chain (and key, if `ssl_keyfile` is not given): a path or PEM text."""
    ssl_keyfile: str | None = field(default=None, repr=False)
    ssl_password: str | None = field(default=None, repr=False)
    """Of the private key."""
    ssl_check_hostname: bool = True
    """Whether the certificate must be for the host's name. Off, anyone with a certificate of that
    authority is let pass."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings(ClientSettings):
    """Of the admin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerSettings(ClientSettings):
    """Of the producer."""

    acks: Literal[-1, 0, 1] = -1
    """-1 waits for all in-sync replicas, 1 for the leader, 0 for nobody: the offset is then unknown (-1)."""
    enable_idempotence: bool = True
    """No duplicates and no reordering when batches are sent again; off by itself where other options rule
    it out."""
    linger_ms: int | None = None
    """How long a record waits for others to share its batch. None is 5 ms, and no time where somebody awaits
    `send`: who sends one record after the other would wait for nobody."""
    batch_size: int = 16_384
    """Bytes after which a batch is sent without lingering on; one that cannot leave yet may grow to 16 times that."""
    compression_type: Codec = Codec.NONE
    """none, gzip, snappy, lz4 or zstd."""
    compression_level: int | None = None
    """None is Kafka's default for the codec."""
    delivery_timeout_ms: int = 120_000
    """From the moment a record is accepted until its delivery is known to have failed."""
    buffer_memory: int = 33_554_432
    """Bytes waiting for delivery; beyond them sending waits."""
    max_block_ms: int = 60_000
    """How long sending waits for room and for a topic's metadata."""
    max_request_size: int = 1_048_576
    """Bytes of the largest record, and about those of the largest request."""
    max_in_flight_requests_per_connection: int = 5
    """Idempotence needs 5 at most. Without it a partition has one batch under way, so that order holds."""
    retries: int = _EVER
    """Attempts after the first; `delivery_timeout_ms` is the better bound."""
    partitioner: "Literal['default', 'round_robin'] | Partitioner" = "default"
    """`default`: by key as Java's client does it (murmur2), without a key sticky (KIP-794)."""
    partitioner_ignore_keys: bool = False
    """Keys do not choose the partition."""
    transactional_id: str | None = None
    """Makes the producer transactional; who takes the same id over fences the one before."""
    transaction_timeout_ms: int = 60_000
    """An open transaction is aborted by the broker after this."""
    key_serializer: "Serde[Any] | Callable[[Any], bytes | None] | None" = None
    """A serde, or a function from a key to bytes. A Topic's own serdes come first."""
    value_serializer: "Serde[Any] | Callable[[Any], bytes | None] | None" = None
    telemetry: "Literal['opentelemetry'] | Tracer | None" = None
    """`opentelemetry`, or a Tracer: a span for each record that is sent, whose context the record carries. Needs
    `ottla[opentelemetry]`."""
    unknown_topic_timeout_ms: int = 5_000
    """How long a topic may stay unknown, as one that is just being created does. Not a setting of Kafka's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSettings(ClientSettings):
    """Of the consumer."""

    group_id: str | None = None
    """The group to share partitions with, and to commit offsets for."""
    group_instance_id: str | None = None
    """A lasting name of this member: it may be away for a session without a rebalance (KIP-345)."""
    group_protocol: str | None = None
    """classic, consumer (KIP-848), or None: consumer where the brokers offer it and nothing else is asked for."""
    group_remote_assignor: str | None = None
    """The broker's assignor, for the consumer protocol: uniform or range."""
    partition_assignment_strategy: tuple[str, ...] = ("range", "cooperative-sticky")
    """For the classic protocol, the preferred one first."""
    session_timeout_ms: int = 45_000
    """A member that is silent for so long is out (classic protocol; the broker decides in the other)."""
    heartbeat_interval_ms: int = 3_000
    """Between heartbeats; a third of the session at most."""
    max_poll_interval_ms: int = 300_000
    """A member that asks for no records for so long leaves, so that others may read."""
    max_poll_records: int = 500
    """Of one batch that is handed out."""
    auto_offset_reset: str = "latest"
    """What becomes of a position that the broker no longer has, or that there is none of: earliest, latest,
    by_duration:P… (KIP-1106); none is an error."""
    enable_auto_commit: bool | Literal["after"] = True
    """`after`: what the body of an `async for` has done with, when it asks for the next."""
    auto_commit_interval_ms: int = 5_000
    isolation_level: str = "read_uncommitted"
    """read_committed shows no records of open or aborted transactions."""
    fetch_min_bytes: int = 1
    """The broker waits for so much, but not longer than `fetch_max_wait_ms`."""
    fetch_max_bytes: int = 52_428_800
    """Of one answer."""
    fetch_max_wait_ms: int = 500
    max_partition_fetch_bytes: int = 1_048_576
    """Of one partition in one answer; a single batch may be larger."""
    check_crcs: bool = True
    """Whether damage on the way is looked for."""
    client_rack: str = ""
    """Where this client is, to fetch from a replica nearby (KIP-392)."""
    allow_auto_create_topics: bool = True
    """Whether asking for a topic may create it, where the broker does that."""
    exclude_internal_topics: bool = True
    """Whether a pattern of topic names passes over `__consumer_offsets` and the like."""
    key_deserializer: "Serde[Any] | Callable[[bytes], Any] | None" = None
    """A serde, or a function from bytes to a key. A Topic's own serdes come first."""
    value_deserializer: "Serde[Any] | Callable[[bytes], Any] | None" = None
    telemetry: "Literal['opentelemetry'] | Tracer | None" = None
    """`opentelemetry`, or a Tracer: a span for each record that `run` has handled, in the trace of the one that
    sent it. Needs `ottla[opentelemetry]`."""


Settings = TypeVar("Settings", bound=ClientSettings)


def settings_from(kind: type[Settings], options: Mapping[str, Any]) -> Settings:
    """The settings that these options make. Raises OptionError naming the option that is wrong, and the fix."""
    known = [option.name for option in fields(kind)]
    for name in options:
        if name not in known:
            raise OptionError(unknown_option(name, known))
    values: dict[str, Any] = {name: _plain(name, value) for name, value in options.items()}
    if issubclass(kind, ProducerSettings):
        _settle_idempotence(values)
    return kind(**values)


def unknown_option(name: str, known: list[str]) -> str:
    """What to say about a name that is none."""
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"there is no option {name}" + (f"; did you mean {nearest[0]}?" if nearest else "")


def _plain(name: str, value: object) -> object:
    """The one form that settings have of what options may say in several."""
    if name == "acks" and value == "all":
        return -1
    if name == "compression_type" and isinstance(value, str) and value.upper() in Codec.__members__:
        return Codec[value.upper()]
    if name == "partition_assignment_strategy" and isinstance(value, list):
        return tuple(value)
    return value


def _settle_idempotence(values: dict[str, Any]) -> None:
    """Idempotence is on unless something that was asked for rules it out, as in the Java client (KIP-679).

    Raises OptionError when it was asked for as well, by itself or by a transactional id.
    """
    acks, in_flight = values.get("acks", -1), values.get("max_in_flight_requests_per_connection", 5)
    wanted = values.get("transactional_id") is not None or values.get("enable_idempotence", False) is True
    if acks == -1 and in_flight <= 5 and not (wanted and values.get("enable_idempotence") is False):
        return
    if wanted:
        rule = "acks='all', enable_idempotence=True and max_in_flight_requests_per_connection of 5 at most"
        raise OptionError(f"idempotence, and with it transactional_id, needs {rule}")
    values["enable_idempotence"] = False
