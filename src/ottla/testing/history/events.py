"""What a client's side of a story is told with: one event for each thing begun or learned, and its line of JSON.

An operation is two events, so that a process that is killed in between leaves the truth behind: it began, and nobody
knows how it ended. A beginning is recorded BEFORE the request is made, an end AFTER its answer came. `at` is in
nanoseconds of a clock that all processes of the story share (the machine's monotonic one). A value names its send:
no two sends have the same.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import NamedTuple


class Place(NamedTuple):
    """Where a record is."""

    topic: str
    partition: int
    offset: int


class Outcome(StrEnum):
    """How a transaction ended, as far as its process was told."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a process did or learned."""

    at: int
    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBegan(Event):
    """About to send `value`; in `transaction`, if there is one open."""

    value: str
    transaction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAcknowledged(Event):
    """The broker said where the value is."""

    value: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed(Event):
    """The value was certainly not written. A failure that leaves doubt is no event at all."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitBegan(Event):
    """About to ask for the transaction's commit."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEnded(Event):
    """What its process was told of the end."""

    transaction: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Positioned(Event):
    """A reader begins, or begins anew, to read a partition at `offset`: it was assigned, or sought."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled(Event):
    """One poll's records of one partition in the order they came: offsets and values."""

    topic: str
    partition: int
    records: tuple[tuple[int, str], ...]
    read_committed: bool = False
    position: int | None = None
    """The offset that the reader goes on with, where it says so: what is before it was passed over."""


_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        SendBegan,
        SendAcknowledged,
        SendFailed,
        CommitBegan,
        TransactionEnded,
        Positioned,
        Polled,
    )
}


def encode(event: Event) -> str:
    """One line, without its end."""
    return json.dumps({"kind": type(event).__name__, **asdict(event)}, separators=(",", ":"))


def decode(line: str) -> Event:
    """The event in a line. Raises ValueError."""
    try:
        content = json.loads(line)
        kind = _KINDS[content.pop("kind")]
        known = {field.name for field in fields(kind)}
        if not content.keys() <= known:
            raise ValueError(f"{sorted(content.keys() - known)} are not fields of {kind.__name__}")
        if "records" in content:
            content["records"] = tuple((offset, value) for offset, value in content["records"])
        if "outcome" in content:
            content["outcome"] = Outcome(content["outcome"])
        return kind(**content)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{line[:100]!r} is no event: {error!r}") from error


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a file. A last line without its end, which a killed process leaves, is passed over."""
    for line in lines:
        if line.endswith("\n"):
            yield decode(line)
