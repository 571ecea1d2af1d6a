"""The scenarios: what is done with one broker, and the figures that come of it, by row."""

import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

from benchmarks import clients
from benchmarks.first_ack import seconds_to_first_ack
from benchmarks.peers import PAGE_CACHE, Peer
from benchmarks.usage import MemorySampler, Meter, peak_mb, resident_mb

LAG_QUANTILE = 'ottla_eventloop_lagms{quantile="0.999"}'
SETTLE_SECONDS = 3.0
KILL_AFTER_SECONDS = 5.0
IDLE_SECONDS = 10.0
TOPICS_OF_100 = 100
TOPICS_PER_REQUEST = 10

Figures = dict[str, dict[str, float]]
"""Row → figure → value."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done: rows wanted, and a divisor that makes everything shorter."""

    wanted: frozenset[str]
    shorter: int = 1
    partitions: int = 1
    idle_connections: int = 10_000

    def wants(self, *keys: str) -> bool:
        return not self.wanted.isdisjoint(keys)


@contextmanager
def directory() -> Iterator[Path]:
    """A fresh directory on the disk, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ottla-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(peer: Peer, *, fsync: bool = False) -> Iterator[tuple[BrokerProcess, float]]:
    """A broker in a fresh directory, with the seconds from its command to its first acknowledgement."""
    with directory() as folder:
        broker = peer.broker(folder, fsync=fsync)
        broker.prepare()
        os.sync()  # what the one before left to be written is not this one's burden
        try:
            since = time.perf_counter()
            broker.spawn()
            yield broker, seconds_to_first_ack(broker, "first", since)
        finally:
            broker.close()


def create_topic(broker: BrokerProcess, name: str, partitions: int = 1) -> None:
    with RawConnection(broker.port, timeout=120) as connection:
        error = connection.create_topic(name, partitions)
        if error:
            raise RuntimeError(f"topic {name}: error {error}")


THROUGHPUT: Mapping[str, tuple[int, int, str, int]] = {
    "produce-100b-acks1": (3_000_000, 100, "1", 0),
    "produce-100b": (3_000_000, 100, "all", 0),
    "produce-100b-linger5": (4_000_000, 100, "all", 5),
    "produce-1kb": (800_000, 1024, "all", 0),
    "produce-1kb-linger5": (800_000, 1024, "all", 5),
}
"""Row → messages, bytes each, acks, linger in milliseconds."""


def session(peer: Peer, plan: Plan) -> Figures:
    """One broker's life: start, idle, produce, consume."""
    figures: Figures = {}
    with started(peer) as (broker, seconds):
        figures["start"] = {"seconds": seconds}
        if plan.wants("memory-idle"):
            time.sleep(SETTLE_SECONDS)
            figures["memory-idle"] = {"mb": resident_mb(broker.pid)}
        with MemorySampler(broker.pid) as memory:
            figures |= throughput(broker, plan)
        if memory.samples:
            peak = peak_mb(broker.pid)
            figures["memory-load"] = {"mb": median(memory.samples), "peak_mb": peak}
        if peer.is_ottla:
            figures["loop"] = {"p999_ms": loop_lag_ms(broker)}
    return figures


def throughput(broker: BrokerProcess, plan: Plan) -> Figures:
    figures: Figures = {}
    for row, (messages, size, acks, linger_ms) in THROUGHPUT.items():
        wanted = plan.wants(row) or (row == "produce-1kb" and plan.wants("consume-1kb"))
        if wanted or plan.wants("memory-load", "loop"):
            create_topic(broker, row, plan.partitions)
            work = {"messages": messages // plan.shorter, "bytes": size, "acks": acks, "linger_ms": linger_ms}
            figures[row] = clients.throughput("produce", broker, row, **work)
    if plan.wants("consume-1kb"):
        messages = THROUGHPUT["produce-1kb"][0] // plan.shorter
        figures["consume-1kb"] = clients.throughput(
            "consume", broker, "produce-1kb", messages=messages, bytes=1024, partitions=plan.partitions
        )
    return figures


def latencies(broker: BrokerProcess, plan: Plan, rates: Mapping[str, int]) -> Figures:
    figures: Figures = {}
    for row, rate in rates.items():
        if plan.wants(row):
            create_topic(broker, row)
            figures[row] = clients.latency(broker, row, rate, 10 / plan.shorter, 2 if plan.shorter > 1 else 5)
    return figures


def loop_lag_ms(broker: BrokerProcess) -> float:
    """How long the event loop was kept from its work at worst (p99.9), by the broker's own /metrics."""
    with urllib.request.urlopen(f"http://{broker.settings['metrics.listen']}/metrics") as reply:
        lines = reply.read().decode().splitlines()
    (value,) = (line.split()[-1] for line in lines if line.startswith(LAG_QUANTILE))
    return float(value)


def latency(peer: Peer, plan: Plan) -> Figures:
    """The latency rows, with a broker that has not just written gigabytes."""
    with started(peer) as (broker, _):
        return latencies(broker, plan, {"latency-1k": 1_000, "latency-5k": 5_000})


def fsync(peer: Peer, plan: Plan) -> Figures:
    """The latency rows with a sync before every acknowledgement."""
    with started(peer, fsync=True) as (broker, _):
        return latencies(broker, plan, {"fsync-1k": 1_000, "fsync-5k": 5_000})


def kill(peer: Peer, plan: Plan) -> Figures:
    """kill -9 while 1 KB messages pour in, then straight up again."""
    with started(peer) as (broker, _):
        create_topic(broker, "load", plan.partitions)
        options = ["--bootstrap", broker.bootstrap, "--topic", "load", "--pid", str(broker.pid)]
        loader = clients.spawn("throughput", "load", "--bytes", "1024", *options)
        try:
            time.sleep(KILL_AFTER_SECONDS)
            since = time.perf_counter()
            broker.kill()
            broker.spawn()
            return {"kill": {"seconds": seconds_to_first_ack(broker, "first", since)}}
        finally:
            loader.kill()
            loader.communicate()


def connections(peer: Peer, plan: Plan) -> Figures:
    """Resident memory before and with idle connections."""
    with started(peer) as (broker, _):
        time.sleep(SETTLE_SECONDS)
        before = resident_mb(broker.pid)
        holder = clients.spawn(
            "connections", "--port", str(broker.port), "--count", str(plan.idle_connections)
        )
        assert holder.stdout is not None
        if holder.stdout.readline().strip() != str(plan.idle_connections):
            raise RuntimeError("the connections could not be opened (see ulimit -n)")
        time.sleep(SETTLE_SECONDS)
        added = resident_mb(broker.pid) - before
        holder.communicate()
        return {"connections": {"added_mb": added}}


def partitions(peer: Peer, plan: Plan) -> Figures:
    """10,000 partitions: create them, restart cleanly, wait, look."""
    with started(peer) as (broker, _):
        since = time.perf_counter()
        for number in range(TOPICS_OF_100 // plan.shorter):
            create_topic(broker, f"many-{number}", 100)
        created = time.perf_counter() - since
        broker.stop()
        since = time.perf_counter()
        broker.spawn()
        restarted = seconds_to_first_ack(broker, "many-0", since)
        time.sleep(SETTLE_SECONDS)
        idle = Meter(broker.pid)
        time.sleep(IDLE_SECONDS)
        cores = idle.cpu / idle.seconds
        figures = {"restart_seconds": restarted, "mb": resident_mb(broker.pid)}
        return {"partitions": figures | {"idle_cores": cores, "create_seconds": created}}


@dataclass(frozen=True, slots=True)
class Scenario:
    run: Callable[[Peer, Plan], Figures]
    rows: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    """Peers that would only repeat another's figures."""
    most_rounds: int = 100


SCENARIOS = (
    Scenario(session, (
        "start", "memory-idle", "memory-load", *THROUGHPUT, "consume-1kb", "loop")),
    Scenario(latency, ("latency-1k", "latency-5k")),
    Scenario(fsync, ("fsync-1k", "fsync-5k"), (PAGE_CACHE,)),
    Scenario(kill, ("kill",), (PAGE_CACHE,)),
    Scenario(connections, ("connections",), (PAGE_CACHE,), 2),
    Scenario(partitions, ("partitions",), (PAGE_CACHE,), 1),
)  # fmt: skip
