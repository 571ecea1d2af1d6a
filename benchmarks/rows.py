"""The rows of the table: what each is called, how a cell reads, which aim it has, and when it is met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.peers import DURABLE, PAGE_CACHE

Measured = Mapping[str, Sequence[float]]
"""Figure → its value in each round."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a row. The aim is a bound, or a factor of what Apache Kafka did in the same run."""

    name: str
    unit: str
    digits: int = 1
    at_most: float | None = None
    at_most_times: float | None = None
    at_least_times: float | None = None

    @property
    def aim(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {self.unit.partition(',')[0].split()[0]}"
        if self.at_most_times is not None:
            return (
                "≤ Apache Kafka's"
                if self.at_most_times == 1
                else f"≤ {self.at_most_times:g} × Apache Kafka's"
            )
        return "≥ Apache Kafka's" if self.at_least_times is not None else "-"

    def met(self, own: float, peer: float | None) -> bool | None:
        """None when there is no aim, or nobody to compare with."""
        if self.at_most is not None:
            return own <= self.at_most
        if peer is None:
            return None
        if self.at_most_times is not None:
            return own <= peer * self.at_most_times
        return None if self.at_least_times is None else own >= peer * self.at_least_times

    def cell(self, measured: Measured) -> str:
        """The median, and the least and most when there were more rounds."""
        values = measured.get(self.name)
        if not values:
            return "-"
        middle = f"{median(values):,.{self.digits}f}"
        if len(values) == 1:
            return middle
        return f"{middle} ({min(values):,.{self.digits}f} to {max(values):,.{self.digits}f})"


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    title: str
    figures: tuple[Figure, ...]
    judged: str = DURABLE
    """The peer whose figures the aims are for."""


def _rates(unit_figure: str, unit: str, cpu_factor: float, digits: int = 0) -> tuple[Figure, ...]:
    return (
        Figure(unit_figure, unit, digits, at_least_times=1),
        Figure("broker_cpu_per_million", "broker CPU s per million", 2, at_most_times=cpu_factor),
    )


def _latency(
    p50: float | None = None, p99: float | None = None, *, cores: float | None = None
) -> tuple[Figure, ...]:
    """Bounds in milliseconds; without one, Apache Kafka's of the same run."""
    return (
        Figure("p50_ms", "ms p50", 2, at_most=p50, at_most_times=1),
        Figure("p99_ms", "ms p99", 2, at_most=p99, at_most_times=1),
        Figure("p999_ms", "ms p99.9", 2, at_most_times=None if p99 else 1),
        Figure("broker_cores", "broker cores", 2, at_most_times=cores),
    )


ROWS = (
    Row("start", "command to first acknowledged message, fresh directory", (Figure("seconds", "s", 2, at_most=0.4),)),
    Row("kill", "kill -9 under load to acknowledging again", (Figure("seconds", "s", 2, at_most=1.0),)),
    Row("memory-idle", "resident memory, idle", (Figure("mb", "MB", 0, at_most=60),)),
    Row("memory-load", "resident memory, under load", (
        Figure("mb", "MB, median of samples", 0, at_most=150), Figure("peak_mb", "MB, peak", 0, at_most=150))),
    Row("produce-100b-acks1", "produce 100 B, linger 0, acks 1",
        _rates("messages_per_second", "messages/s", 0.5), PAGE_CACHE),
    Row("produce-100b", "produce 100 B, linger 0, acks all",
        _rates("messages_per_second", "messages/s", 0.5), PAGE_CACHE),
    Row("produce-100b-linger5", "produce 100 B, linger 5 ms, acks all",
        _rates("messages_per_second", "messages/s", 1), PAGE_CACHE),
    Row("produce-1kb", "produce 1 KB, linger 0, acks all", _rates("mb_per_second", "MB/s", 1), PAGE_CACHE),
    Row("produce-1kb-linger5", "produce 1 KB, linger 5 ms, acks all",
        _rates("mb_per_second", "MB/s", 1), PAGE_CACHE),
    Row("consume-1kb", "consume 1 KB",
        (Figure("mb_per_second", "MB/s", 0, at_least_times=1),
         Figure("broker_cpu_per_million", "broker CPU s per million", 2)), PAGE_CACHE),
    Row("latency-1k", "end to end, 1,000/s, linger 0, acks all", _latency(), PAGE_CACHE),
    Row("latency-5k", "end to end, 5,000/s, linger 0, acks all", _latency(cores=0.5), PAGE_CACHE),
    Row("fsync-1k", "end to end with fsync before every ack, 1,000/s", _latency()),
    Row("fsync-5k", "end to end with fsync before every ack, 5,000/s", _latency(0.8, 4.0)),
    Row("loop", "event loop late while under load", (Figure("p999_ms", "ms p99.9", 1, at_most=20),)),
    Row("connections", "10,000 idle connections", (Figure("added_mb", "MB more", 0, at_most=100),)),
    Row("partitions", "10,000 partitions", (
        Figure("restart_seconds", "s, restart to first ack", 2, at_most=3),
        Figure("mb", "MB resident", 0, at_most=250),
        Figure("idle_cores", "cores when idle", 3, at_most=0.02),
        Figure("create_seconds", "s to create them", 1))),
)  # fmt: skip
