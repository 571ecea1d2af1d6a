"""The rules: each looks through the facts for one kind of broken promise, or two that exclude each other."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from ottla.testing.history.anomalies import Anomaly, Finding
from ottla.testing.history.events import Outcome, Place
from ottla.testing.history.facts import Facts, Sent, Transaction

Check = Callable[[Facts], Iterator[Finding]]


def _lost_or_skipped(facts: Facts) -> Iterator[Finding]:
    for sent in facts.sends.values():
        place = sent.acknowledged
        if place is None or not facts.counts(sent):
            continue
        for reading in facts.passed_over(place):
            if not facts.places.get(sent.value):
                yield Finding(Anomaly.LOST_WRITE, f"{sent.value} was acknowledged at {_text(place)}")
                break
            yield Finding(
                Anomaly.SKIPPED_POLL, f"{reading.process} did not see {sent.value} at {_text(place)}"
            )


def _duplicates(facts: Facts) -> Iterator[Finding]:
    for value, places in facts.places.items():
        if len(places) > 1:
            yield Finding(Anomaly.DUPLICATE, f"{value} is at {', '.join(map(_text, sorted(places)))}")


def _invented(facts: Facts) -> Iterator[Finding]:
    for value, places in facts.places.items():
        if value not in facts.sends:
            yield Finding(Anomaly.INVENTED, f"{value} at {_text(min(places))} was never sent")


def _aborted_or_dirty(facts: Facts) -> Iterator[Finding]:
    for polled in facts.polls:
        for offset, value in polled.records if polled.read_committed else ():
            sent = facts.sends.get(value)
            seen = f"{polled.process} saw {value} at {_text(Place(polled.topic, polled.partition, offset))}"
            if sent is not None and (anomaly := _unseemly(facts, sent, polled.at)):
                yield Finding(anomaly, seen)


def _unseemly(facts: Facts, sent: Sent, seen_at: int) -> Anomaly | None:
    """Why nobody who reads committed data should have seen it at that moment."""
    transaction = facts.transaction_of(sent.value)
    if sent.failed or (transaction is not None and transaction.outcome is Outcome.ABORTED):
        return Anomaly.ABORTED_READ
    if transaction is None:
        return None
    began_at = transaction.commit_began_at
    return Anomaly.DIRTY_READ if began_at is None or seen_at < began_at else None


def _torn(facts: Facts) -> Iterator[Finding]:
    """Of transactions with an unknown end: of one that is known to be committed, each lost write is named anyway."""
    for transaction in facts.transactions.values():
        if transaction.outcome is not Outcome.UNKNOWN:
            continue
        seen = [value for value in transaction.values if _seen_committed(facts, value)]
        missing = list(_missing(facts, transaction))
        if seen and missing:
            yield Finding(
                Anomaly.TORN_TRANSACTION, f"{transaction.name}: {seen[0]} was seen, {missing[0]} was not"
            )


def _seen_committed(facts: Facts, value: str) -> bool:
    return any(
        reading.read_committed and reading.seen.get(place.offset) == value
        for place in facts.places.get(value, ())
        for reading in facts.readings
        if reading.partition == (place.topic, place.partition)
    )


def _missing(facts: Facts, transaction: Transaction) -> Iterator[str]:
    for value in transaction.values:
        place = facts.sends[value].acknowledged
        if place is None or _seen_committed(facts, value):
            continue
        if any(reading.read_committed for reading in facts.passed_over(place)):
            yield value


def _order_of_sends(facts: Facts) -> Iterator[Finding]:
    acknowledged = {value: sent.acknowledged for value, sent in facts.sends.items() if sent.acknowledged}
    yield from _order(facts, acknowledged, Anomaly.NON_MONOTONIC_SEND)
    read = {value: min(places) for value, places in facts.places.items() if len(places) == 1}
    yield from _order(facts, read, Anomaly.REORDERED)


def _order(facts: Facts, places: dict[str, Place], anomaly: Anomaly) -> Iterator[Finding]:
    """Each process's sends in each partition must go up; `facts.sends` has them in the order they began."""
    before: dict[tuple[str, str, int], tuple[str, int]] = {}
    for value, sent in facts.sends.items():
        place = places.get(value)
        if place is None:
            continue
        lane = (sent.process, place.topic, place.partition)
        earlier, offset = before.get(lane, ("", -1))
        if place.offset < offset:
            yield Finding(
                anomaly, f"{sent.process} sent {earlier} (now at {offset}) before {value} at {_text(place)}"
            )
        before[lane] = (value, place.offset)


def _backward_polls(facts: Facts) -> Iterator[Finding]:
    for reading in facts.readings:
        for after, then in reading.backward:
            place = _text(Place(*reading.partition, then))
            yield Finding(Anomaly.NON_MONOTONIC_POLL, f"{reading.process} was given {place} after {after}")


def _fuzzy_offsets(facts: Facts) -> Iterator[Finding]:
    values: defaultdict[Place, set[str]] = defaultdict(set)
    for value, places in facts.places.items():
        for place in places:
            values[place].add(value)
    for sent in facts.sends.values():
        if sent.acknowledged is not None and values.get(sent.acknowledged):
            values[sent.acknowledged].add(sent.value)
    for place, held in sorted(values.items()):
        if len(held) > 1:
            yield Finding(Anomaly.FUZZY_OFFSET, f"{_text(place)} holds {' and '.join(sorted(held))}")


def _text(place: Place) -> str:
    return f"{place.topic}-{place.partition}@{place.offset}"


CHECKS: tuple[Check, ...] = (
    _lost_or_skipped,
    _duplicates,
    _invented,
    _aborted_or_dirty,
    _torn,
    _order_of_sends,
    _backward_polls,
    _fuzzy_offsets,
)
