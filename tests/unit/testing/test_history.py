"""The checker is silent about a good history, and names each anomaly that is planted into it."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from ottla.testing.history import (
    Anomaly,
    CommitBegan,
    Event,
    Outcome,
    Polled,
    Positioned,
    Recorder,
    SendAcknowledged,
    SendBegan,
    SendFailed,
    TransactionEnded,
    check,
    events_of,
)


class Story:
    """Events one after the other. `a` … `f` are sent to orders-0; d and e in a committed transaction."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._time = itertools.count()

    def tell(self, kind: type[Event], process: str = "producer", **particulars: object) -> None:
        self.events.append(kind(at=next(self._time), process=process, **particulars))

    def send(
        self, value: str, offset: int | None, transaction: str | None = None, process: str = "producer"
    ) -> None:
        self.tell(SendBegan, process, value=value, transaction=transaction)
        if offset is not None:
            self.tell(SendAcknowledged, process, value=value, topic="orders", partition=0, offset=offset)

    def end(self, transaction: str, outcome: Outcome) -> None:
        if outcome is Outcome.COMMITTED:
            self.tell(CommitBegan, transaction=transaction)
        self.tell(TransactionEnded, transaction=transaction, outcome=outcome)

    def read(
        self,
        *records: tuple[int, str],
        start: int | None = None,
        position: int | None = None,
        reader: str = "reader",
        committed: bool = True,
    ) -> None:
        if start is not None:
            self.tell(Positioned, reader, topic="orders", partition=0, offset=start)
        self.tell(
            Polled, reader, topic="orders", partition=0, records=records, read_committed=committed, position=position
        )  # fmt: skip

    def found(self) -> set[Anomaly]:
        return {finding.anomaly for finding in check(self.events)}


def good() -> Story:
    """A committed and an aborted transaction, a send of which nothing is known, two readers."""
    story = Story()
    story.send("a", 0)
    story.send("b", 1)
    story.send("c", 2, "t1")
    story.read((0, "a"), start=0)
    story.end("t1", Outcome.COMMITTED)  # its marker is at 3
    story.send("d", 4, "t2")
    story.end("t2", Outcome.ABORTED)  # its marker is at 5
    story.send("e", None)
    story.tell(SendBegan, value="never")
    story.tell(SendFailed, value="never")
    story.read((1, "b"), (2, "c"), (6, "e"), position=7)
    story.read((0, "a"), (1, "b"), (2, "c"), (4, "d"), start=0, reader="other", committed=False)
    story.read((0, "a"), (1, "b"), start=0)  # the first one again, from the beginning
    return story


def test_a_good_history_has_no_anomaly() -> None:
    assert good().found() == set()


def lost(story: Story) -> None:
    story.send("x", 7)
    story.read(start=7, position=8)


def duplicate(story: Story) -> None:
    story.send("x", 7)
    story.read((7, "x"), (8, "x"), start=7)


def invented(story: Story) -> None:
    story.read((7, "x"), start=7)


def aborted(story: Story) -> None:
    story.read((4, "d"), start=4)


def surely_not_written(story: Story) -> None:
    story.read((7, "never"), start=7)


def dirty(story: Story) -> None:
    story.send("x", 7, "t3")
    story.read((7, "x"), start=7)
    story.end("t3", Outcome.COMMITTED)


def torn(story: Story) -> None:
    story.send("x", 7, "t3")
    story.send("y", 8, "t3")
    story.tell(CommitBegan, transaction="t3")  # and nobody knows how it ended
    story.read((7, "x"), start=7, position=9)


def sent_backward(story: Story) -> None:
    story.send("x", 8)
    story.send("y", 7)


def reordered(story: Story) -> None:
    story.send("x", None)
    story.send("y", None)
    story.read((7, "y"), (8, "x"), start=7)


def polled_backward(story: Story) -> None:
    story.read((0, "a"), (1, "b"), start=0)
    story.read((1, "b"), (2, "c"))


def skipped(story: Story) -> None:
    story.read((0, "a"), (2, "c"), start=0)


def fuzzy(story: Story) -> None:
    story.send("x", 7)
    story.send("y", None)
    story.read((7, "y"), start=7)


@pytest.mark.parametrize(("plant", "anomaly"), [
    (lost, Anomaly.LOST_WRITE),
    (duplicate, Anomaly.DUPLICATE),
    (invented, Anomaly.INVENTED),
    (aborted, Anomaly.ABORTED_READ),
    (surely_not_written, Anomaly.ABORTED_READ),
    (dirty, Anomaly.DIRTY_READ),
    (torn, Anomaly.TORN_TRANSACTION),
    (sent_backward, Anomaly.NON_MONOTONIC_SEND),
    (reordered, Anomaly.REORDERED),
    (polled_backward, Anomaly.NON_MONOTONIC_POLL),
    (skipped, Anomaly.SKIPPED_POLL),
    (fuzzy, Anomaly.FUZZY_OFFSET),
])  # fmt: skip
def test_what_is_planted_is_named_and_nothing_else(plant: Callable[[Story], None], anomaly: Anomaly) -> None:
    story = good()
    plant(story)
    assert story.found() == {anomaly}


def test_a_lost_write_of_an_unknown_or_aborted_transaction_is_none() -> None:
    story = Story()
    story.send("x", 0, "t1")
    story.send("y", 1, "t2")
    story.end("t2", Outcome.ABORTED)
    story.read(start=0, position=4)
    assert story.found() == set()


def test_a_value_names_one_send() -> None:
    story = Story()
    story.send("x", 0)
    story.send("x", 1)
    with pytest.raises(ValueError, match="sent twice"):
        check(story.events)


def test_an_end_without_a_beginning_is_no_history() -> None:
    story = Story()
    story.tell(SendAcknowledged, value="x", topic="orders", partition=0, offset=0)
    with pytest.raises(ValueError, match="no beginning"):
        check(story.events)


def test_what_a_killed_process_wrote_is_read_back(tmp_path: Path) -> None:
    path = str(tmp_path / "history.jsonl")
    with Recorder("p", path) as recorder:
        recorder.tell(SendBegan, value="ä", transaction="t")
        recorder.tell(SendAcknowledged, value="ä", topic="t", partition=0, offset=3)
        recorder.tell(SendFailed, value="ä")
        recorder.tell(CommitBegan, transaction="t")
        recorder.tell(TransactionEnded, transaction="t", outcome=Outcome.UNKNOWN)
        recorder.tell(Positioned, topic="t", partition=0, offset=0)
        recorder.tell(Polled, topic="t", partition=0, records=((3, "ä"),), read_committed=True, position=4)
    with open(path, "a", encoding="utf-8") as cut:
        cut.write('{"kind":"SendBegan","at":1')
    assert list(events_of(path)) == recorder.events


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"kind":"Nothing"}', '{"kind":"SendFailed","at":1}'])
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words or ours
        list(events_of(str(path)))
