"""The checker catches what it is there for: each planted fault by its name, and nothing in a good history."""

import random
from collections.abc import Callable

import pytest

from tests.crash.history import Anomaly, ProducerHistory, check, value_of

SEED = 7
Records = list[tuple[int, bytes]]


def good_history() -> tuple[list[ProducerHistory], Records]:
    """Two producers in one partition; the first sent 5 three times, acknowledged the last time."""
    first, second = ProducerHistory(1, 0), ProducerHistory(2, 0)
    order = [(first, number) for number in (0, 1, 2, 3, 4, 5, 6, 5, 6, 5, 6, 7)]
    random.Random(1).shuffle(mixed := [first] * len(order) + [second] * 10)
    firsts, seconds = iter(order), iter((second, number) for number in range(10))
    records: Records = []
    for history in mixed:
        _, number = next(firsts if history is first else seconds)
        history.acknowledged[number] = len(records)
        history.sent = max(history.sent, number + 1)
        records.append((len(records), value_of(SEED, history.producer, number)))
    first.sent += 3  # sent, never acknowledged, never seen: allowed
    return [first, second], records


def findings(histories: list[ProducerHistory], records: Records) -> set[Anomaly]:
    return {finding.anomaly for finding in check(SEED, histories, {0: records})}


def offsets_of(records: Records, producer: int, number: int) -> list[int]:
    return [offset for offset, value in records if value == value_of(SEED, producer, number)]


def renumbered(records: Records) -> Records:
    return [(offset, value) for offset, (_, value) in enumerate(records)]


def test_a_good_history() -> None:
    assert findings(*good_history()) == set()


def loss_of_the_tail(records: Records) -> Records:
    return records[:-1]


def loss_in_the_middle(records: Records) -> Records:
    hole = offsets_of(records, 2, 4)[0]
    return renumbered(records[:hole] + records[hole + 1 :])


def loss_of_everything(records: Records) -> Records:
    return []


def one_byte_altered(records: Records) -> Records:
    offset = offsets_of(records, 2, 3)[0]
    value = bytearray(records[offset][1])
    value[-1] ^= 1
    return [*records[:offset], (offset, bytes(value)), *records[offset + 1 :]]


def cut_short(records: Records) -> Records:
    return [(offset, value[:-1] if offset == 3 else value) for offset, value in records]


def exchanged(records: Records) -> Records:
    one, other = offsets_of(records, 2, 3)[0], offsets_of(records, 2, 4)[0]
    changed = list(records)
    changed[one], changed[other] = (one, records[other][1]), (other, records[one][1])
    return changed


def sent_again_after_its_acknowledgement(records: Records) -> Records:
    return [*records, (len(records), value_of(SEED, 2, 4))]


def never_sent(records: Records) -> Records:
    return [*records, (len(records), value_of(SEED, 2, 400))]


def somebody_elses(records: Records) -> Records:
    return [*records, (len(records), b"hello")]


def a_missing_offset(records: Records) -> Records:
    return [*records, (len(records) + 1, value_of(SEED, 1, 8))]


@pytest.mark.parametrize(("plant", "expected"), [
    (loss_of_the_tail, {Anomaly.LOST}),
    (loss_in_the_middle, {Anomaly.LOST, Anomaly.SKIPPED}),
    (loss_of_everything, {Anomaly.LOST}),
    (one_byte_altered, {Anomaly.LOST, Anomaly.ALTERED, Anomaly.SKIPPED}),
    (cut_short, {Anomaly.LOST, Anomaly.ALTERED, Anomaly.SKIPPED}),
    (exchanged, {Anomaly.LOST, Anomaly.REORDERED, Anomaly.REPEATED}),
    (sent_again_after_its_acknowledgement, {Anomaly.REPEATED}),
    (never_sent, {Anomaly.INVENTED}),
    (somebody_elses, {Anomaly.INVENTED}),
    (a_missing_offset, {Anomaly.GAP}),
])  # fmt: skip
def test_a_planted_fault_is_named(plant: Callable[[Records], Records], expected: set[Anomaly]) -> None:
    histories, records = good_history()
    assert findings(histories, plant(records)) == expected


def test_unacknowledged_records_out_of_order() -> None:
    """Order is promised before the acknowledgement too."""
    history = ProducerHistory(1, 0, sent=2)
    records = [(0, value_of(SEED, 1, 1)), (1, value_of(SEED, 1, 0))]
    assert findings([history], records) == {Anomaly.REORDERED}
