"""A blocked loop shows in the histogram."""

import asyncio
import time

from ottla.core.clock import SystemClock
from ottla.core.metrics import Registry
from ottla.net.lag import lag_histogram, sample_lag
from ottla.net.tasks import Tasks


async def test_a_stall_is_seen() -> None:
    histogram = lag_histogram(Registry())
    tasks = Tasks("lag")
    tasks.start(sample_lag(histogram, SystemClock(), 0.01), "sampler")
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    await asyncio.sleep(0.05)
    await tasks.close()
    assert histogram.count >= 2
    assert histogram.quantile(1.0) > 200
