"""The topic configs that a log obeys, with Apache Kafka 4.2's names and defaults.

Parsing and validating what a person typed is the broker's business; a `LogConfig` is already right.
"""

from dataclasses import dataclass

DAY_MS = 86_400_000
NEVER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class LogConfig:
    """One topic's configs. Replaced as a whole when a person alters one. -1 means «no limit» where Kafka means it."""

    segment_bytes: int = 1 << 30
    segment_ms: int = 7 * DAY_MS
    segment_jitter_ms: int = 0
    segment_index_bytes: int = 10 << 20
    index_interval_bytes: int = 4096
    retention_ms: int = 7 * DAY_MS
    retention_bytes: int = -1
    max_message_bytes: int = 1_048_588
    flush_messages: int = NEVER
    flush_ms: int = NEVER
    cleanup_policy: frozenset[str] = frozenset({"delete"})
    message_timestamp_type: str = "CreateTime"
    message_timestamp_before_max_ms: int = NEVER
    message_timestamp_after_max_ms: int = 3_600_000
    compression_type: str = "producer"
    compression_gzip_level: int = -1
    compression_lz4_level: int = 9
    compression_zstd_level: int = 3
    min_cleanable_dirty_ratio: float = 0.5
    delete_retention_ms: int = DAY_MS
    min_compaction_lag_ms: int = 0
    max_compaction_lag_ms: int = NEVER
    file_delete_delay_ms: int = 60_000
    preallocate: bool = False

    @property
    def is_compacted(self) -> bool:
        return "compact" in self.cleanup_policy

    @property
    def longest_segment_ms(self) -> int:
        """A record is compacted within `max.compaction.lag.ms` only if its segment has ended by then (KIP-354)."""
        return min(self.segment_ms, self.max_compaction_lag_ms) if self.is_compacted else self.segment_ms

    @property
    def deletes_old_segments(self) -> bool:
        return "delete" in self.cleanup_policy

    @property
    def log_append_time(self) -> bool:
        """Whether the broker's clock, not the producer's, stamps the records."""
        return self.message_timestamp_type == "LogAppendTime"
