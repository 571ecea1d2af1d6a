"""Starts the client processes: each run is a fresh process, so that no peer inherits another's heap."""

import json
import subprocess
import sys
from typing import Any

from tests.support.apache import REPOSITORY
from tests.support.process import BrokerProcess

CLIENT_TIMEOUT_SECONDS = 300.0


def command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def run(module: str, *arguments: str, **options: object) -> dict[str, float]:
    """Run a client to its end; the figures that it printed. RuntimeError with its last words when it fails."""
    words = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    done = subprocess.run(
        command(module, *arguments, *words),
        capture_output=True,
        text=True,
        timeout=CLIENT_TIMEOUT_SECONDS,
        cwd=REPOSITORY,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} {arguments}: {done.stderr.strip().splitlines()[-1:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def throughput(work: str, broker: BrokerProcess, topic: str, **options: object) -> dict[str, float]:
    return run("throughput", work, bootstrap=broker.bootstrap, topic=topic, pid=broker.pid, **options)


def latency(
    broker: BrokerProcess, topic: str, rate: int, seconds: float, warm_seconds: float
) -> dict[str, float]:
    return run(
        "latency",
        port=broker.port,
        topic=topic,
        pid=broker.pid,
        rate=rate,
        seconds=seconds,
        warm_seconds=warm_seconds,
    )


def spawn(module: str, *arguments: str) -> "subprocess.Popen[Any]":
    """A client that stays until it is killed or its input ends."""
    return subprocess.Popen(
        command(module, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
        text=True,
    )
