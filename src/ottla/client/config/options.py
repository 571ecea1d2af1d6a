"""What a client can be told, as keyword arguments: Kafka's own names with underscores for dots.

What they mean, and their defaults, stands in `ottla.client.config.settings`; a type checker reads these.
"""

from collections.abc import Awaitable, Callable, Sequence
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from ottla.records.compression import Codec

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from ottla.client.serdes import Serde

Acks = Literal["all", -1, 0, 1]
CompressionType = Literal["none", "gzip", "snappy", "lz4", "zstd"] | Codec
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


Partitioner = Callable[[bytes | None, Sequence[int], Sequence[int]], int]
"""Key, all partitions, those that have a leader now: the partition to send to."""


class OptionError(ValueError):
    """An option that does not exist, or has a value that it cannot have. The text names it and the fix."""


class TokenProvider(Protocol):
    """Gives OAUTHBEARER its tokens: asked for one on every connection, and before one expires (KIP-368)."""

    async def token(self) -> str:
        """A token that is valid now."""
        ...


OAuthTokenProvider = TokenProvider | Callable[[], Awaitable[str]]


class ClientOptions(TypedDict, total=False):
    """Of every client."""

    client_id: str
    request_timeout_ms: int
    default_api_timeout_ms: int
    socket_connection_setup_timeout_ms: int
    connections_max_idle_ms: int
    client_dns_lookup: Literal["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]
    retry_backoff_ms: int
    retry_backoff_max_ms: int
    reconnect_backoff_ms: int
    reconnect_backoff_max_ms: int
    metadata_max_age_ms: int
    metadata_recovery_strategy: Literal["rebootstrap", "none"]
    metadata_recovery_rebootstrap_trigger_ms: int
    security_protocol: SecurityProtocol
    sasl_mechanism: SaslMechanism | None
    sasl_plain_username: str | None
    sasl_plain_password: str | None
    sasl_oauth_token_provider: OAuthTokenProvider | None
    ssl_context: SSLContext | None
    ssl_cafile: str | None
    ssl_certfile: str | None
    ssl_keyfile: str | None
    ssl_password: str | None
    ssl_check_hostname: bool


class AdminOptions(ClientOptions, total=False):
    """Of the admin."""


class ProducerOptions(ClientOptions, total=False):
    """Of the producer."""

    acks: Acks
    enable_idempotence: bool
    linger_ms: int | None
    batch_size: int
    compression_type: CompressionType
    compression_level: int | None
    delivery_timeout_ms: int
    buffer_memory: int
    max_block_ms: int
    max_request_size: int
    max_in_flight_requests_per_connection: int
    retries: int
    partitioner: "Literal['default', 'round_robin'] | Partitioner"
    partitioner_ignore_keys: bool
    transactional_id: str | None
    transaction_timeout_ms: int
    key_serializer: "Serde[Any] | Callable[[Any], bytes | None] | None"
    value_serializer: "Serde[Any] | Callable[[Any], bytes | None] | None"
    telemetry: "Literal['opentelemetry'] | Tracer | None"


class ConsumerOptions(ClientOptions, total=False):
    """Of the consumer."""

    group_id: str | None
    group_instance_id: str | None
    group_protocol: Literal["classic", "consumer"] | None
    group_remote_assignor: str | None
    partition_assignment_strategy: Sequence[str]
    session_timeout_ms: int
    heartbeat_interval_ms: int
    max_poll_interval_ms: int
    max_poll_records: int
    auto_offset_reset: str
    enable_auto_commit: bool | Literal["after"]
    auto_commit_interval_ms: int
    isolation_level: Literal["read_uncommitted", "read_committed"]
    fetch_min_bytes: int
    fetch_max_bytes: int
    fetch_max_wait_ms: int
    max_partition_fetch_bytes: int
    check_crcs: bool
    client_rack: str
    allow_auto_create_topics: bool
    exclude_internal_topics: bool
    key_deserializer: "Serde[Any] | Callable[[bytes], Any] | None"
    value_deserializer: "Serde[Any] | Callable[[bytes], Any] | None"
    telemetry: "Literal['opentelemetry'] | Tracer | None"
