"""What the log cleaner did, under the names that Apache Kafka's JMX exporter gives."""

from ottla.broker.cleaning import Cleaning
from ottla.core.clock import Clock
from ottla.core.metrics import Registry

_CLEANER = "kafka_log_logcleaner"
_STATE = "kafka_log_logcleanermanager"


class CleanerMetrics:
    """Kafka's gauges tell of the last look and the last round; the counters are Ottla's own."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._clock = clock
        self._looked_at = clock.monotonic()
        self._max_dirty = 0.0
        self._uncleanable = 0
        self._last_seconds = 0.0
        self._last_recopied = 0.0
        self._runs = registry.counter(f"{_CLEANER}_runs_total", "Rounds of compaction over one partition")
        self._bytes_in = registry.counter(
            f"{_CLEANER}_bytes_in_total", "Bytes of batches that compaction read"
        )
        self._bytes_out = registry.counter(
            f"{_CLEANER}_bytes_out_total", "Bytes of batches that compaction wrote"
        )
        registry.gauge(
            f"{_CLEANER}_max_clean_time_secs",
            "Seconds that the last round of compaction took",
            lambda: self._last_seconds,
        )
        registry.gauge(
            f"{_CLEANER}_cleaner_recopy_percent",
            "Percent of the bytes before the last round that were left after it",
            lambda: self._last_recopied * 100,
        )
        registry.gauge(
            f"{_STATE}_max_dirty_percent",
            "Percent of the dirtiest partition that compaction has not read yet",
            lambda: self._max_dirty * 100,
        )
        registry.gauge(
            f"{_STATE}_uncleanable_partitions_count",
            "Partitions that are damaged and left alone",
            lambda: self._uncleanable,
        )
        registry.gauge(
            f"{_STATE}_time_since_last_run_ms",
            "Milliseconds since compaction last looked for work",
            lambda: (self._clock.monotonic() - self._looked_at) * 1000,
        )

    def looked(self, max_dirty: float, uncleanable: int) -> None:
        """All partitions were looked at."""
        self._looked_at = self._clock.monotonic()
        self._max_dirty, self._uncleanable = max_dirty, uncleanable

    def cleaned(self, round_: Cleaning) -> None:
        """A round ended, well or not."""
        self._runs.add()
        self._bytes_in.add(round_.bytes_read)
        self._bytes_out.add(round_.bytes_after)
        self._last_seconds = round_.seconds
        if round_.bytes_before:
            self._last_recopied = round_.bytes_after / round_.bytes_before
