"""`ottla`: finds the command, imports its module and no other, and turns errors into one line and a status.

Status: 0 done, 1 it could not be done, 2 wrong usage, 130 interrupted, 141 the reader went away.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import ottla
from ottla.cli.errors import CommandError, UsageError
from ottla.cli.parser import WRONG_USAGE, Parser, did_you_mean

FAILED, INTERRUPTED, PIPE_CLOSED = 1, 130, 141


class _Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "serve": _Command("ottla.cli.serve", "start a broker"),
    "demo": _Command("ottla.cli.demo", "start a broker, send a first message through it, and serve on"),
    "topics": _Command("ottla.cli.topics", "list, create, describe, alter and delete topics"),
    "groups": _Command("ottla.cli.groups", "list, describe and delete consumer groups, move their offsets"),
    "transactions": _Command("ottla.cli.transactions", "list and describe transactions, end those that hang"),
    "produce": _Command("ottla.cli.produce", "send what stdin says to a topic"),
    "consume": _Command("ottla.cli.consume", "print what a topic holds"),
}

_DESCRIPTION = "Apache Kafka's whole system in Python: a broker, and tools for any Kafka."
_EXAMPLES = """\
examples:
  ottla serve --data ./data                      a broker on 127.0.0.1:9092
  ottla topics create orders --partitions 3
  echo 'hello' | ottla produce orders
  ottla consume orders --follow

ottla COMMAND --help tells more about each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    _open_missing_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return PIPE_CLOSED
    except UsageError as error:
        return _complain(error, WRONG_USAGE)
    except (CommandError, ImportError) as error:  # an extra, or what OTTLA_RECORDS asks for, is not installed
        return _complain(error, FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", FAILED)


def _run(words: list[str]) -> int:
    parser = Parser(prog="ottla", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"ottla {ottla.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    if wanted is not None and wanted not in COMMANDS and wanted == words[0]:
        parser.error(f"there is no command {wanted}{did_you_mean(wanted, list(COMMANDS))}")
    for name, command in COMMANDS.items():
        if name == wanted:
            module = import_module(command.module)
            subparser = commands.add_parser(name, help=command.summary, description=module.__doc__)
            module.configure(subparser)
        else:
            commands.add_parser(name, help=command.summary)
    options = parser.parse_args(words)
    status: int = options.run(options)
    sys.stdout.flush()
    return status


def _open_missing_streams() -> None:
    """A stream that was closed before the start (`>&-`, some daemons) reads as empty, and swallows what is written.

    Its number must be taken, too: else the first file or socket gets it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the process's end
            setattr(sys, name, stream)


def _complain(error: object, status: int) -> int:
    lines = " ".join(str(error).split())
    print(f"ottla: {lines}", file=sys.stderr)
    return status


def _forget_stdout() -> None:
    """Python would complain once more when it flushes a pipe that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
