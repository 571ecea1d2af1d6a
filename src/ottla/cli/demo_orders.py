"""An order-management system in three architectures: buyers, services, faults, and a look at the books.

examples:
  ottla demo orders                                      the last one, with a page to look at, until Ctrl-C
  ottla demo orders --architecture request-driven --seconds 30 --faults shipping-down --check
  ottla demo orders --compare                            the three side by side, which takes a quarter of an hour
"""

import argparse
import math
from pathlib import Path

from ottla.cli.errors import CommandError, UsageError
from ottla.core.errors import KafkaError

ARCHITECTURES = ("request-driven", "event-driven", "fully-event-driven")
FAULTS = ("shipping-down", "customers-slow", "kill")
HIGHEST_RATE = 500
"""Of orders a second: a dozen processes share one machine."""
HIGHEST_PORT = 65_535


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--architecture", choices=ARCHITECTURES, help=f"default: {ARCHITECTURES[-1]}")
    add("--repricing", action="store_true", help="plug in the service that makes prices")
    seconds_help = "how long buyers come; default: until Ctrl-C, 30 with --faults or --check"
    add("--seconds", type=_number, metavar="N", help=seconds_help)
    add("--rate", type=_rate, default=10.0, metavar="N", help="orders a second; default: 10")
    add("--faults", type=_faults, default=(), metavar="FAULT,…", help=f"what goes wrong: {', '.join(FAULTS)}")
    add("--seed", type=int, default=7, metavar="N", help="of buyers and faults; default: 7")
    add("--check", action="store_true", help="status 0 only if the books are right in the end")
    add("--compare", action="store_true", help="the three under the same load and faults")
    add("--write", type=Path, metavar="DIR", help="where --compare leaves table, plot, diagrams")
    add("--page-port", type=_port, default=0, metavar="PORT", help="of the page; default: a free one")
    add("--keep", type=Path, metavar="DIR", help="keep databases, topics and logs there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run it; the exit status. Raises UsageError, CommandError."""
    _check_together(options)
    try:
        from ottla_examples.orders.command import Wish, carry_out
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: pip install 'ottla[examples]'") from error
    wish = Wish(
        architecture=options.architecture or ARCHITECTURES[-1],
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
    except (RuntimeError, KafkaError) as error:  # a process that did not start, a broker that does not answer
        raise CommandError(str(error)) from error


def _check_together(options: argparse.Namespace) -> None:
    """Raises UsageError for what has no meaning together."""
    if not options.compare and options.write:
        raise UsageError("--write is for what --compare finds")
    for name in ("architecture", "repricing", "check"):
        if options.compare and getattr(options, name):
            raise UsageError(f"--compare runs every architecture as it is, without --{name}")


def _number(text: str) -> float:
    """Raises ArgumentTypeError for what is not above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def _rate(text: str) -> float:
    """Raises ArgumentTypeError for what is not above 0, or more than one machine bears."""
    rate = _number(text)
    if rate > HIGHEST_RATE:
        raise argparse.ArgumentTypeError(f"{text} a second is more than {HIGHEST_RATE}, the most there is")
    return rate


def _port(text: str) -> int:
    """Raises ArgumentTypeError for what is none."""
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _faults(text: str) -> tuple[str, ...]:
    """Raises ArgumentTypeError for one that does not exist, or is there twice."""
    faults = tuple(text.split(","))
    for fault in faults:
        if fault not in FAULTS:
            raise argparse.ArgumentTypeError(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}")
    if len(set(faults)) < len(faults):
        raise argparse.ArgumentTypeError(f"a fault is there twice in {text!r}")
    return faults
