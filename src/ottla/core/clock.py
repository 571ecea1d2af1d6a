"""Time as a value. The only module that reads a clock; everything above is handed a `Clock` or a number."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: the wall clock for what is written down, a monotonic one for what is measured."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


def seconds_since_boot() -> float | None:
    """The clock that Linux counts the starts of processes by; None elsewhere."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else None
