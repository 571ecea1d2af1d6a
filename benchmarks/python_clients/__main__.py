"""`python -m benchmarks.python_clients`: one table of Python's Kafka clients, same broker, same run.

Each cell is a fresh process. `produce` hands over messages one by one and waits for all of them, `produce many` uses
what the client has for many at once, `awaited` waits for each before the next; `consume` takes messages one by one,
`consume many` in lists.
"""

import argparse
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.support.process import BrokerProcess

from benchmarks import clients
from benchmarks.__main__ import chosen_peers
from benchmarks.peers import APACHE, PAGE_CACHE, PEERS
from benchmarks.report import DEFAULT_OUTPUT, machine
from benchmarks.scenarios import create_topic, started

CLIENTS = {
    "ottla_client": "ottla",
    "confluent_client": "confluent-kafka",
    "confluent_aio_client": "confluent-kafka AIO",
    "aiokafka_client": "aiokafka",
    "kafka_python_client": "kafka-python",
}


class Row(NamedTuple):
    """One piece of work; the slow clients do a tenth of it, which changes no rate."""

    work: str
    title: str
    size: int
    messages: int
    by: Sequence[str]


ALL = tuple(CLIENTS)
READERS = tuple(key for key in CLIENTS if key != "confluent_aio_client")
SLOW = {"confluent_aio_client", "aiokafka_client", "kafka_python_client"}
ROWS = (
    Row("produce_many", "produce many, 100 B", 100, 2_000_000, ("ottla_client",)),
    Row("produce", "produce, 100 B", 100, 1_000_000, ALL),
    Row("produce_many", "produce many, 1 KB", 1_000, 500_000, ("ottla_client",)),
    Row("produce", "produce, 1 KB", 1_000, 300_000, ALL),
    Row("awaited", "awaited, 100 B", 100, 2_000, ALL),
    Row("consume_many", "consume many, 100 B", 100, 2_000_000, READERS),
    Row("consume", "consume, 100 B", 100, 2_000_000, READERS),
    Row("consume_many", "consume many, 1 KB", 1_000, 500_000, READERS),
    Row("consume", "consume, 1 KB", 1_000, 500_000, READERS),
)
HEADS = ("work", "client", "messages/s", "MB/s", "CPU s per million", "peak MB", "p50 ms", "× ottla's rate")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.python_clients", description=__doc__)
    parser.add_argument("--broker", choices=(PAGE_CACHE, APACHE), default=PAGE_CACHE)
    parser.add_argument("--rounds", type=int, default=3, help="repetitions; the medians count (3)")
    parser.add_argument("--quick", action="store_true", help="one round of a tenth of everything")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT.with_name("python-clients.md"))
    options = parser.parse_args()
    (peer,) = chosen_peers([options.broker]) or (next(each for each in PEERS if each.key == PAGE_CACHE),)
    cells: defaultdict[tuple[Row, str], list[dict[str, float]]] = defaultdict(list)
    failures: list[str] = []
    with started(peer) as (broker, _):
        for number in range(1 if options.quick else options.rounds):
            for row in ROWS:
                for client in row.by:
                    measure(broker, row, client, number, 10 if options.quick else 1, cells, failures)
    facts = machine() | {"broker": peer.title}
    text = "".join(f"- {name}: {value}\n" for name, value in facts.items()) + "\n" + table(cells)
    text += "".join(f"\nNot measured: {failure}" for failure in failures)
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text + "\n")
    return 1 if failures else 0


def measure(
    broker: BrokerProcess,
    row: Row,
    client: str,
    number: int,
    shorter: int,
    cells: dict[tuple[Row, str], list[dict[str, float]]],
    failures: list[str],
) -> None:
    messages = row.messages // shorter // (10 if client in SLOW and row.messages >= 100_000 else 1)
    topic = f"{row.work}-{row.size}-{client}-{number}"
    print(f"  {row.title}: {CLIENTS[client]}", file=sys.stderr, flush=True)
    try:
        create_topic(broker, topic)
        wanted = {"bootstrap": broker.bootstrap, "topic": topic, "messages": messages, "bytes": row.size}
        if row.work.startswith("consume"):
            filled = wanted | {"messages": messages + messages // 5 + 20_000}
            clients.run("python_clients.work", "ottla_client", "produce_many", **filled)
        figures = clients.run("python_clients.work", client, row.work, **wanted)
        cells[row, client].append(figures)
    except (RuntimeError, OSError, json.JSONDecodeError) as failure:
        failures.append(f"{row.title}, {CLIENTS[client]}: {failure}")


def table(cells: dict[tuple[Row, str], list[dict[str, float]]]) -> str:
    """Markdown: the medians of the rounds."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + " --- |" * len(HEADS)]
    own: dict[str, float] = {}
    for (row, client), rounds in cells.items():
        figure = {name: median(each[name] for each in rounds) for name in rounds[0]}
        rate = figure["messages_per_second"]
        if client == "ottla_client":
            own[row.title] = rate
        words = [
            row.title,
            CLIENTS[client],
            f"{rate:,.0f}",
            f"{figure['mb_per_second']:,.1f}",
            f"{figure['cpu_per_million']:,.2f}",
            f"{figure['peak_mb']:,.0f}",
            f"{figure['p50_ms']:.2f}" if "p50_ms" in figure else "",
            f"{rate / own[row.title]:.2f}" if own.get(row.title) else "",
        ]
        lines.append("| " + " | ".join(words) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
