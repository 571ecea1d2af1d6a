"""What a client can be told; Kafka's names, units and (unless said) defaults."""

from dataclasses import dataclass
from typing import Literal

from ottla.records.compression import Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Of every client."""

    client_id: str = "ottla"
    request_timeout_ms: int = 30_000
    socket_connection_setup_timeout_ms: int = 10_000
    retry_backoff_ms: int = 100
    retry_backoff_max_ms: int = 1_000
    metadata_max_age_ms: int = 300_000
    default_api_timeout_ms: int = 60_000
    """How long a call that retries goes on doing so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerSettings(ClientSettings):
    """Of the producer."""

    acks: Literal[-1, 0, 1] = -1
    """-1 waits for all in-sync replicas, 1 for the leader, 0 for nobody: the offset is then unknown (-1)."""
    linger_ms: int = 5
    batch_size: int = 16_384
    """Bytes after which a batch is sent without lingering on."""
    compression_type: Codec = Codec.NONE
    compression_level: int | None = None
    delivery_timeout_ms: int = 120_000
    """From the moment a record is accepted until its delivery is known to have failed."""
    buffer_memory: int = 33_554_432
    """Bytes waiting for delivery; beyond them `enqueue` waits."""
    max_request_size: int = 1_048_576
    """Bytes of the largest record, and about those of the largest request."""
    unknown_topic_timeout_ms: int = 5_000
    """How long a topic may stay unknown, as one that is just being created does. Not a setting of Kafka's."""

    def __post_init__(self) -> None:
        if self.acks not in (-1, 0, 1):
            raise ValueError(f"acks is {self.acks}; it must be -1 (all), 0 or 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSettings(ClientSettings):
    """Of the consumer."""

    auto_offset_reset: Literal["earliest", "latest", "none"] = "none"
    """What becomes of a position that the broker no longer has, or does not have yet; none is an error."""
    fetch_min_bytes: int = 1
    fetch_max_bytes: int = 52_428_800
    fetch_max_wait_ms: int = 500
    max_partition_fetch_bytes: int = 1_048_576
    check_crcs: bool = True
