"""An order-management system in three architectures: buyers, services, faults, and a look at the books.

examples:
  ottla demo orders                                      the last one, with a page to look at, until Ctrl-C
  ottla demo orders --architecture request-driven --seconds 30 --faults shipping-down --check
  ottla demo orders --compare                            the three side by side, which takes a quarter of an hour
"""

import argparse
from pathlib import Path

from ottla.cli.errors import CommandError, UsageError

ARCHITECTURES = ("request-driven", "event-driven", "fully-event-driven")
FAULTS = ("shipping-down", "customers-slow", "kill")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--architecture",
        choices=ARCHITECTURES,
        default=ARCHITECTURES[-1],
        help=f"default: {ARCHITECTURES[-1]}",
    )
    parser.add_argument("--repricing", action="store_true", help="plug in the service that makes prices")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help="how long buyers come; default: until Ctrl-C, 30 with faults",
    )
    parser.add_argument("--rate", type=float, default=10.0, metavar="N", help="orders a second; default: 10")
    parser.add_argument(
        "--faults", type=_faults, default=(), metavar="FAULT,…", help=f"what goes wrong: {', '.join(FAULTS)}"
    )
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="of buyers and faults; default: 7")
    parser.add_argument(
        "--check", action="store_true", help="status 0 only if the books are right in the end"
    )
    parser.add_argument("--compare", action="store_true", help="the three under the same load and faults")
    parser.add_argument(
        "--write", type=Path, metavar="DIR", help="where --compare leaves table, plot, diagrams"
    )
    parser.add_argument(
        "--page-port", type=int, default=0, metavar="PORT", help="of the page; default: a free one"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep databases, topics and logs there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run it; the exit status."""
    try:
        from ottla_examples.orders.command import Wish, carry_out
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: pip install 'ottla[examples]'") from error
    wish = Wish(
        architecture=options.architecture,
        repricing=options.repricing,
        seconds=options.seconds,
        rate=options.rate,
        faults=options.faults,
        seed=options.seed,
        page_port=options.page_port,
        check=options.check,
        compare=options.compare,
        write=options.write,
        data=options.keep,
    )
    try:
        return carry_out(wish)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except RuntimeError as error:  # a process that did not start; it says what it said
        raise CommandError(str(error)) from error


def _faults(text: str) -> tuple[str, ...]:
    """Raises ArgumentTypeError for one that does not exist."""
    faults = tuple(text.split(","))
    for fault in faults:
        if fault not in FAULTS:
            raise argparse.ArgumentTypeError(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}")
    return faults
