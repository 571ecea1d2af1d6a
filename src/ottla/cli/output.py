"""Writing to stdout: text for people, one JSON document for machines."""

import json
import sys


def print_text(text: str) -> None:
    """A line, or several."""
    sys.stdout.write(text + "\n")


def print_json(document: object) -> None:
    """One document, on one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def warn(text: str) -> None:
    """One line on stderr that is no error."""
    sys.stderr.write(f"ottla: {text}\n")
