"""A checker that reads what clients did and learned, and names every promise of Kafka's that was broken.

    recorder = Recorder("producer 1", path="producer-1.jsonl")
    recorder.tell(SendBegan, value="7")                   # before and after each operation: see `events`
    findings = check(events_of("producer-1.jsonl", "reader.jsonl"))

What it relies on: values are unique, nothing is deleted or compacted meanwhile, and a reader that begins or seeks
says so (`Positioned`). An operation without an end may have happened or not: it proves nothing by itself.
"""

from collections.abc import Iterable, Iterator

from ottla.testing.history.anomalies import Anomaly, Finding
from ottla.testing.history.checks import CHECKS
from ottla.testing.history.events import (
    CommitBegan,
    Event,
    Outcome,
    Polled,
    Positioned,
    SendAcknowledged,
    SendBegan,
    SendFailed,
    TransactionEnded,
    read_events,
)
from ottla.testing.history.facts import Facts
from ottla.testing.history.recorder import Recorder

__all__ = [
    "Anomaly",
    "CommitBegan",
    "Event",
    "Finding",
    "Outcome",
    "Polled",
    "Positioned",
    "Recorder",
    "SendAcknowledged",
    "SendBegan",
    "SendFailed",
    "TransactionEnded",
    "check",
    "events_of",
]


def check(events: Iterable[Event]) -> list[Finding]:
    """Every anomaly of the history, in the order of the rules; empty when all promises were kept."""
    facts = Facts(events)
    return [finding for rule in CHECKS for finding in rule(facts)]


def events_of(*paths: str) -> Iterator[Event]:
    """The events that recorders left in these files."""
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            yield from read_events(lines)
