"""How late the event loop is: the time between when it should have woken up and when it did."""

import asyncio

from ottla.core.clock import Clock
from ottla.core.limits import LAG_SAMPLE_SECONDS
from ottla.core.metrics import Histogram, Registry


def lag_histogram(registry: Registry) -> Histogram:
    """Where the samples go, in milliseconds."""
    return registry.histogram("ottla_eventloop_lagms", "How late the event loop woke up, in milliseconds")


async def sample_lag(histogram: Histogram, clock: Clock, every_s: float = LAG_SAMPLE_SECONDS) -> None:
    """Sample for as long as the task lives."""
    while True:
        due = clock.monotonic() + every_s
        await asyncio.sleep(every_s)
        histogram.observe(max(0.0, clock.monotonic() - due) * 1000)
