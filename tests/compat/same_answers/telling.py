"""Every story told to one broker, and what Apache Kafka said when it was told them."""

from pathlib import Path

from tests.compat.same_answers import (
    administering,
    locating,
    producing,
    reading,
    transacting,
    wandering,
    wandering_transactions,
)
from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.stories import STORIES

__all__ = [
    "STORIES",
    "administering",
    "locating",
    "producing",
    "reading",
    "told",
    "transacting",
    "wandering",
    "wandering_transactions",
]


APACHE_LAG_S = 0.15
RECORD = Path(__file__).with_name("apache.txt")
TITLE = "== "
HEAD = "# What Apache Kafka 4.2 answered. Made again by: python -m tests.compat.same_answers\n"


def told(name: str, port: int, lag_s: float = 0.0) -> list[str]:
    """The transcript of one story, told to the broker on this port."""
    with Asker(port, lag_s) as asker:
        STORIES[name](asker)
        return asker.lines


def record(port: int) -> None:
    """Tell all stories to the Apache Kafka on this port and keep what it says."""
    parts = [HEAD]
    for name in STORIES:
        parts += [TITLE, name, "\n", *(f"{line}\n" for line in told(name, port, APACHE_LAG_S))]
    RECORD.write_text("".join(parts))


def recorded() -> dict[str, list[str]]:
    """What Apache Kafka said, by story."""
    answers: dict[str, list[str]] = {}
    for line in RECORD.read_text().splitlines()[1:]:
        if line.startswith(TITLE):
            lines = answers[line.removeprefix(TITLE)] = []
        else:
            lines.append(line)
    return answers
