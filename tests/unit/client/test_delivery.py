"""Handles on records: what they say, when, and that nobody's cancellation harms another."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.client.producing.delivery import Delivery, Outcome, Piece, RecordMetadata
from ottla.client.producing.sent_records import SentRecords, SomeNotSentError
from ottla.core.errors import ErrorCode, KafkaError

REFUSED = KafkaError(ErrorCode.INVALID_RECORD, "no key")


def outcome(*pieces: Piece) -> Outcome:
    made = Outcome("t", 3)
    made.open_pieces = max(1, len(pieces))
    for piece in pieces:
        made.settle(piece)
    return made


async def test_everyone_who_awaits_is_told() -> None:
    made = Outcome("t", 3)
    delivery = Delivery(made, 2, 5)
    waiting = [asyncio.ensure_future(_await(delivery)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.sleep(0)
    made.settle(Piece(0, 40, -1, None))
    assert await waiting[0] == await waiting[2] == RecordMetadata("t", 3, 42, 5)
    assert await delivery == delivery.result()
    assert waiting[1].cancelled()


async def _await(delivery: Delivery) -> RecordMetadata:
    return await delivery


async def test_a_delivery_under_way_has_no_result() -> None:
    delivery = Delivery(Outcome("t", 3), 0, 5)
    assert not delivery.done()
    for ask in (delivery.result, delivery.exception):
        with pytest.raises(asyncio.InvalidStateError, match="still on its way"):
            ask()
    assert repr(delivery) == "<Delivery to t-3: under way>"


async def test_callbacks_are_called_by_the_loop_also_late_ones() -> None:
    made, called = Outcome("t", 3), []
    delivery = Delivery(made, 0, 5)
    delivery.add_done_callback(called.append)
    made.settle(Piece(0, 7, -1, None))
    assert called == []
    await asyncio.sleep(0)
    delivery.add_done_callback(called.append)
    await asyncio.sleep(0)
    assert called == [delivery, delivery]


async def test_who_waits_for_a_parked_record_waits_on_where_it_went() -> None:
    parked, made, called = Outcome("t", -1), Outcome("t", 3), []
    delivery = Delivery(parked, 0, 5)
    delivery.add_done_callback(called.append)
    waiting = asyncio.ensure_future(_await(delivery))
    await asyncio.sleep(0)
    delivery.move(Delivery(made, 4, 5))
    await asyncio.sleep(0)
    assert not waiting.done()
    made.settle(Piece(0, 10, -1, None))
    assert (await waiting).offset == 14
    assert called == [delivery]


async def test_a_split_batch_is_settled_with_its_last_part_and_each_record_has_its_own_fate() -> None:
    made = Outcome("t", 3)
    made.open_pieces = 3
    made.settle(Piece(4, 100, -1, None))
    made.settle(Piece(0, 50, 99, None))
    assert not made.is_settled
    made.settle(Piece(2, -1, -1, REFUSED))
    assert [made.metadata(index, 5)[2:] for index in (0, 1, 4, 5)] == [(50, 99), (51, 99), (100, 5), (101, 5)]
    assert [made.error(index) for index in (2, 3)] == [REFUSED, REFUSED]


@given(st.data())
def test_sent_records_are_what_single_ones_would_be(data: st.DataObject) -> None:
    """However many records fell into however many batches, in the order of partitions."""
    count = data.draw(st.integers(0, 40))
    order = data.draw(st.permutations(range(count)))
    keyed = data.draw(st.booleans())
    sent, expected, rank = SentRecords(5), {}, 0
    while rank < count:
        length = data.draw(st.integers(1, count - rank))
        before = data.draw(st.integers(0, 3))
        error = data.draw(st.sampled_from([None, None, REFUSED]))
        made = outcome(Piece(0, 1000 * rank, -1, error))
        sent.add(length, made, before)
        for step in range(length):
            place = order[rank + step] if keyed else rank + step
            expected[place] = error or RecordMetadata("t", 3, 1000 * rank + before + step, 5)
        rank += length
    if keyed:
        sent.ranked(list(order))
    assert len(sent) == count
    for place, what in expected.items():
        if isinstance(what, KafkaError):
            with pytest.raises(KafkaError, match="no key"):
                sent[place]
        else:
            assert sent[place] == sent[place - count] == what
    assert sent.errors == {place: what for place, what in expected.items() if isinstance(what, KafkaError)}
    assert list(sent.errors) == sorted(sent.errors)
    assert sent.has_errors == bool(sent.errors)
    if not sent.errors:
        assert list(sent) == sent[:] == [expected[place] for place in range(count)]


async def test_what_was_not_sent_of_many_is_named() -> None:
    sent = SentRecords(5)
    sent.add(2, outcome(Piece(0, 1, -1, None)), 0)
    sent.add(1, outcome(Piece(0, -1, -1, REFUSED)), 0)
    error = SomeNotSentError(sent)
    assert str(error) == "1 of 3 records were not delivered; number 2: no key"
    assert error.code == ErrorCode.INVALID_RECORD
    assert error.records.errors == {2: REFUSED}


async def test_nobody_left_is_nobody() -> None:
    made: Any = Outcome("t", 3)
    assert not made.is_awaited
    waiter = made.wait()
    assert made.is_awaited
    waiter.cancel()
    assert not made.is_awaited
