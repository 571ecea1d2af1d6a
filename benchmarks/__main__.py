"""`python -m benchmarks`: one table of Ottla against Apache Kafka, measured now, here."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support import apache

from benchmarks.peers import APACHE, PEERS, Peer
from benchmarks.report import DEFAULT_OUTPUT, Results, table, write
from benchmarks.rows import ROWS
from benchmarks.scenarios import SCENARIOS, Plan, Scenario


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    keys = [row.key for row in ROWS]
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=keys, default=keys, help=", ".join(keys))
    parser.add_argument("--peers", nargs="+", choices=[peer.key for peer in PEERS], help="all unless given")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions, in alternating order (3)")
    parser.add_argument(
        "--quick", action="store_true", help="one round, everything a tenth as long: a smoke test"
    )
    parser.add_argument("--partitions", type=int, default=1, help="of the topics in the throughput rows (1)")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="writes FILE.json and FILE.md")
    return parser.parse_args()


def chosen_peers(wanted: Sequence[str] | None) -> list[Peer]:
    """The peers asked for; Apache Kafka only where its jars and a JVM are, with a word otherwise."""
    peers = [peer for peer in PEERS if wanted is None or peer.key in wanted]
    reason = apache.missing()
    if reason is not None and any(peer.key == APACHE for peer in peers):
        print(f"Apache Kafka is left out: {reason}", file=sys.stderr)
        peers = [peer for peer in peers if peer.key != APACHE]
    return peers


def measure(scenario: Scenario, peer: Peer, plan: Plan, results: Results) -> None:
    """One scenario on one peer; a failure is a line in the report, not the end of the run."""
    names = ", ".join(row for row in scenario.rows if plan.wants(row))
    print(f"  {peer.title}: {names}", file=sys.stderr, flush=True)
    try:
        for row, figures in scenario.run(peer, plan).items():
            if plan.wants(row):
                results.add(row, peer.key, figures)
    except (RuntimeError, OSError, EOFError, ValueError) as failure:
        results.failures.append(f"{peer.title}, {names}: {str(failure).splitlines()[0]}")
        print(f"    failed: {failure}", file=sys.stderr, flush=True)


def main() -> int:
    # Ended from outside, it still ends its brokers and removes their directories.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    peers = chosen_peers(options.peers)
    plan = Plan(frozenset(options.only), 10 if options.quick else 1, options.partitions)
    rounds = 1 if options.quick else options.rounds
    results = Results()
    for scenario in SCENARIOS:
        compared = [peer for peer in peers if peer.key not in scenario.skipped]
        for number in range(min(rounds, scenario.most_rounds) if plan.wants(*scenario.rows) else 0):
            print(f"round {number + 1}", file=sys.stderr)
            # The order alternates, so that neither always finds the machine cold, or hot.
            for peer in compared if number % 2 == 0 else reversed(compared):
                measure(scenario, peer, plan, results)
    print(table(results, peers))
    run = (
        f"{rounds} rounds"
        if not options.quick
        else "quick: one round of a tenth of everything, 1,000 partitions"
    )
    write(options.output, results, peers, run)
    print(f"written to {options.output}.json and .md", file=sys.stderr)
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
