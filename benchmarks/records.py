"""`python -m benchmarks.records`: what one record costs to build and to read, in microseconds.

The record code of Ottla (compiled, and in Python), aiokafka and kafka-python, without a network: batches of
16 KB, the default size of a producer's, uncompressed. The best of many runs, taken in turns.
"""

import argparse
import importlib
import sys
import timeit
from collections.abc import Callable, Iterator, Sequence

from ottla.records.batch import Batch

TIMESTAMP_MS = 1_700_000_000_000
BATCH_BYTES = 16_384

Step = Callable[[], object]
Steps = dict[str, Step]
"""A figure's name to what is measured, for a whole batch."""


def values_of(size: int) -> list[bytes]:
    """As many different values of `size` bytes as fill a batch."""
    return [b"%0*d" % (size, number) for number in range(BATCH_BYTES // size)]


def ottla(implementation: str) -> Callable[[list[bytes]], Steps]:
    """The steps of one of Ottla's two."""
    if implementation == "pure":
        builder = importlib.import_module("ottla.records.pure.builder")
        reader = importlib.import_module("ottla.records.pure.reader")
    else:
        builder = reader = importlib.import_module("ottla.records._native")

    def steps(values: list[bytes]) -> Steps:
        def one_by_one() -> bytes:
            made = builder.BatchBuilder()
            for value in values:
                made.append(TIMESTAMP_MS, None, value)
            return made.build()  # type: ignore[no-any-return]

        def at_once() -> bytes:
            made = builder.BatchBuilder()
            made.append_many(TIMESTAMP_MS, values)
            return made.build()  # type: ignore[no-any-return]

        batch = Batch(at_once())
        return {
            "build, one by one": one_by_one,
            "build, many at once": at_once,
            "read records": lambda: [record.value for record in reader.read_batch(batch)],
            "read values alone": lambda: reader.read_values(batch),
        }

    return steps


def other(module: str) -> Callable[[list[bytes]], Steps]:
    """The steps of a library that is made like kafka-python."""
    records = importlib.import_module(module)

    def steps(values: list[bytes]) -> Steps:
        def one_by_one() -> bytes:
            made = records.DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
            for number, value in enumerate(values):
                made.append(number, TIMESTAMP_MS, None, value, [])
            return bytes(made.build())

        raw = one_by_one()
        return {
            "build, one by one": one_by_one,
            "read records": lambda: [record.value for record in records.DefaultRecordBatch(raw)],
        }

    return steps


CONTESTANTS: dict[str, Callable[[], Callable[[list[bytes]], Steps]]] = {
    "Ottla, compiled": lambda: ottla("compiled"),
    "Ottla, in Python": lambda: ottla("pure"),
    "aiokafka": lambda: other("aiokafka.record.default_records"),
    "kafka-python": lambda: other("kafka.record.default_records"),
}


def measured(steps: Sequence[Step], records: int, rounds: int) -> list[float]:
    """Microseconds a record of each step: the best of the rounds, in which they take turns."""
    best = [float("inf")] * len(steps)
    for _ in range(rounds):
        for number, step in enumerate(steps):
            best[number] = min(best[number], timeit.timeit(step, number=50) / 50 / records * 1e6)
    return best


def rows(sizes: Sequence[int], rounds: int) -> Iterator[list[str]]:
    """The table's lines: a figure, then a cell for each contestant; what cannot be imported has none."""
    contestants = {}
    for name, make in CONTESTANTS.items():
        try:
            contestants[name] = make()
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    yield ["µs a record", *contestants]
    for size in sizes:
        values = values_of(size)
        offered = {name: steps(values) for name, steps in contestants.items()}
        for figure in dict.fromkeys(figure for steps in offered.values() for figure in steps):
            there = [name for name, steps in offered.items() if figure in steps]
            costs = dict(
                zip(
                    there,
                    measured([offered[name][figure] for name in there], len(values), rounds),
                    strict=True,
                )
            )
            cells = [f"{costs[name]:.3f}" if name in costs else "-" for name in contestants]
            yield [f"{figure}, {size:,} B", *cells]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.records", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 1000], help="of the values, in bytes")
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    lines = list(rows(chosen.sizes, chosen.rounds))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print(f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |")


if __name__ == "__main__":
    main()
