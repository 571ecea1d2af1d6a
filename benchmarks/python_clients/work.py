"""One client doing one piece of work, a process of its own: `python -m benchmarks.python_clients.work …`; prints JSON.

Every client keeps its own defaults, but for `acks=all`, so that what they promise is the same.
"""

import argparse
import asyncio
import importlib
import json
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import cast

from benchmarks.usage import Meter, peak_mb

WARM_UP = 10
"""A tenth of the messages is done before anything is measured."""

AT_ONCE = 10_000
"""Messages in one list, for the clients that take or give lists."""


@dataclass(slots=True)
class Work:
    """What is to be done, and the clock that a client starts when it is warm."""

    bootstrap: str
    topic: str
    messages: int
    payload: bytes
    meter: Meter = field(default_factory=lambda: Meter(os.getpid()))
    latencies: list[float] = field(default_factory=list)

    @property
    def warm_up(self) -> int:
        return max(1, self.messages // WARM_UP)

    def start(self) -> None:
        """From here on it counts."""
        self.meter = Meter(os.getpid())

    def timed(self) -> Iterator[int]:
        """Once for each message; how long each turn takes is noted, the warm-up's not."""
        for number in range(self.warm_up + self.messages):
            if number == self.warm_up:
                self.start()
                self.latencies.clear()
            began = time.perf_counter()
            yield number
            self.latencies.append(time.perf_counter() - began)

    def figures(self) -> dict[str, float]:
        """Called when the last message is acknowledged, or in the application's hands."""
        seconds, cpu = self.meter.seconds, self.meter.cpu
        figures = {
            "messages_per_second": self.messages / seconds,
            "mb_per_second": self.messages * len(self.payload) / seconds / 1e6,
            "cpu_per_million": cpu / self.messages * 1e6,
            "peak_mb": peak_mb(os.getpid()),
        }
        if self.latencies:
            figures["p50_ms"] = median(self.latencies) * 1000
        return figures


Do = Callable[[Work], "dict[str, float] | Awaitable[dict[str, float]]"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("client")
    parser.add_argument("work")
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    options = parser.parse_args()
    module = importlib.import_module(f"benchmarks.python_clients.{options.client}")
    do = cast("Do", getattr(module, options.work))
    payload = random.Random(1).randbytes(options.bytes)
    done = do(Work(options.bootstrap, options.topic, options.messages, payload))
    print(json.dumps(done if isinstance(done, dict) else asyncio.run(_awaited(done))))


async def _awaited(work: Awaitable[dict[str, float]]) -> dict[str, float]:
    return await work


if __name__ == "__main__":
    main()
