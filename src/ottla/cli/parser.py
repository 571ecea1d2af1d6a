"""The command line's grammar: argparse, whose complaint is one line that names the fix."""

import argparse
import os
from collections.abc import Sequence
from typing import NoReturn

WRONG_USAGE = 2
_WIDTH, _LEAST_WIDTH = 80, 20


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions as they are written. Finds the width itself: argparse imports 20 modules for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_width() - 2)

    def add_argument(self, action: argparse.Action) -> None:
        """Commands are indented once more than argparse reckons with, and the longest would lose its line."""
        super().add_argument(action)
        if action.nargs == argparse.PARSER:
            self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line, and shows its help to who names no command."""

    def __init__(self, prog: str, description: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog, description=description, epilog=epilog, formatter_class=Formatter)

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def parse_known_args(  # type: ignore[override]  # less general than argparse's, whose callers it serves
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """What is not known is this parser's to complain about: the outer ones know still less of it."""
        if args == [] and any(
            action.required and action.nargs == argparse.PARSER for action in self._actions
        ):
            self.exit(WRONG_USAGE, self.format_help())
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(self._unknown(unknown[0]))
        return found, unknown

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word!r} is one word too many"
        options = [option for action in self._actions for option in action.option_strings]
        return f"there is no option {word}{did_you_mean(word.partition('=')[0], options)}"


def did_you_mean(word: str, known: list[str]) -> str:
    """«; did you mean …?» when one is near, else nothing."""
    from difflib import get_close_matches  # only for who mistyped

    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _terminal_width() -> int:
    """Columns, 80 where nobody says so or what is said cannot be: a terminal without a size has none."""
    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns)
    except (OSError, ValueError):
        return _WIDTH
    return columns if columns >= _LEAST_WIDTH else _WIDTH
