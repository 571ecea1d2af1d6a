"""What waits for delivery: which batch is due when, and that nothing overtakes."""

import asyncio
from dataclasses import replace

import pytest

from ottla.client.accumulator import Accumulator, OutgoingBatch, OutgoingRecord
from ottla.client.metadata import TopicPartition
from ottla.client.settings import ProducerSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.batch import batches
from ottla.records.reader import read_records

A, B = TopicPartition("t", 0), TopicPartition("t", 1)
SETTINGS = ProducerSettings(linger_ms=10, batch_size=300, delivery_timeout_ms=1000, buffer_memory=1000)


def record(partition: TopicPartition = A, value: bytes = b"v") -> OutgoingRecord:
    return OutgoingRecord(partition, 5, None, value, ())


def values(batch: OutgoingBatch) -> list[bytes | None]:
    [decoded] = batches(batch.encoded())
    return [each.value for each in read_records(decoded)]


async def test_a_batch_is_due_when_it_has_lingered() -> None:
    accumulator = Accumulator(SETTINGS)
    accumulator.append(record(), 1.0)
    accumulator.append(record(), 1.005)
    assert accumulator.due(1.009, at_once=False) == []
    assert accumulator.next_due() == pytest.approx(1.01)
    [batch] = accumulator.due(1.01, at_once=False)
    assert values(batch) == [b"v", b"v"]


async def test_a_full_batch_or_a_flush_does_not_linger() -> None:
    accumulator = Accumulator(SETTINGS)
    accumulator.append(record(A, bytes(200)), 1.0)
    assert len(accumulator.due(1.0, at_once=True)) == 1
    assert accumulator.due(1.0, at_once=False) == []
    accumulator.append(record(A, bytes(200)), 1.0)
    assert len(accumulator.due(1.0, at_once=False)) == 1


async def test_one_batch_of_a_partition_is_away_at_a_time_and_comes_back_to_the_front() -> None:
    accumulator = Accumulator(replace(SETTINGS, linger_ms=0))
    accumulator.append(record(A, b"first"), 1.0)
    accumulator.append(record(B, b"other"), 1.0)
    first, other = accumulator.due(1.0, at_once=False)
    accumulator.take(first)
    accumulator.append(record(A, b"second"), 1.0)
    assert accumulator.due(2.0, at_once=True) == [other]
    accumulator.give_back(first, not_before=3.0)
    assert accumulator.due(2.0, at_once=True) == [other]
    assert accumulator.due(3.0, at_once=False)[0] is first
    assert values(first) == [b"first"]
    accumulator.take(first)
    accumulator.finished(first)
    assert values(accumulator.due(3.0, at_once=False)[0]) == [b"second"]


async def test_what_was_sent_once_does_not_grow() -> None:
    accumulator = Accumulator(replace(SETTINGS, linger_ms=0))
    accumulator.append(record(A, b"first"), 1.0)
    [first] = accumulator.due(1.0, at_once=False)
    accumulator.take(first)
    first.encoded()
    accumulator.give_back(first, not_before=0.0)
    accumulator.append(record(A, b"second"), 1.0)
    assert values(first) == [b"first"]


async def test_delivery_tells_each_record_its_offset_and_time() -> None:
    accumulator = Accumulator(SETTINGS)
    deliveries = [accumulator.append(record(), 1.0) for _ in range(3)]
    [batch] = accumulator.due(1.0, at_once=True)
    accumulator.take(batch)
    batch.delivered(40, -1)
    accumulator.finished(batch)
    assert [delivery.result() for delivery in deliveries] == [("t", 0, offset, 5) for offset in (40, 41, 42)]


async def test_log_append_time_and_unknown_offsets() -> None:
    accumulator = Accumulator(SETTINGS)
    stamped = [accumulator.append(record(A), 1.0), accumulator.append(record(A), 1.0)]
    unknown = [accumulator.append(record(B), 1.0), accumulator.append(record(B), 1.0)]
    first, second = accumulator.due(1.0, at_once=True)
    first.delivered(7, 99)
    second.delivered(-1, -1)
    assert [delivery.result()[2:] for delivery in stamped] == [(7, 99), (8, 99)]
    assert [delivery.result()[2:] for delivery in unknown] == [(-1, 5), (-1, 5)]


async def test_what_waits_too_long_is_given_up_with_the_reason() -> None:
    accumulator = Accumulator(SETTINGS)
    old = [accumulator.append(record(A, bytes(250)), 1.0) for _ in range(3)]
    young = accumulator.append(record(B), 1.5)
    accumulator.expire(2.0, "broker 1 is gone")
    for delivery in old:
        with pytest.raises(KafkaError, match=r"t-0: not delivered in 1000 ms \(broker 1 is gone\)") as caught:
            delivery.result()
        assert caught.value.code == ErrorCode.REQUEST_TIMED_OUT
    assert not young.done()


async def test_a_cancelled_delivery_harms_nobody() -> None:
    accumulator = Accumulator(SETTINGS)
    gone, here = accumulator.append(record(), 1.0), accumulator.append(record(), 1.0)
    gone.cancel()
    [batch] = accumulator.due(1.0, at_once=True)
    batch.delivered(0, -1)
    assert here.result().offset == 1


async def test_a_full_buffer_waits_until_something_is_settled() -> None:
    accumulator = Accumulator(SETTINGS)
    accumulator.append(record(A, bytes(1000)), 1.0)
    waiting = asyncio.ensure_future(accumulator.wait_for_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    [batch] = accumulator.due(1.0, at_once=True)
    accumulator.take(batch)
    batch.delivered(0, -1)
    accumulator.finished(batch)
    await waiting
    await accumulator.wait_until_empty()


async def test_empty_means_that_nothing_is_away_either() -> None:
    accumulator = Accumulator(SETTINGS)
    accumulator.append(record(), 1.0)
    [batch] = accumulator.due(1.0, at_once=True)
    accumulator.take(batch)
    waiting = asyncio.ensure_future(accumulator.wait_until_empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    accumulator.finished(batch)
    await waiting


CLOSED = KafkaError(ErrorCode.NETWORK_EXCEPTION, "closed")


async def test_closing_gives_up_what_waits_and_what_is_away() -> None:
    accumulator = Accumulator(SETTINGS)
    deliveries = [accumulator.append(record(A, bytes(250)), 1.0) for _ in range(3)]
    [batch] = accumulator.due(1.0, at_once=True)
    accumulator.take(batch)
    accumulator.close(CLOSED)
    for delivery in deliveries:
        with pytest.raises(KafkaError, match="closed"):
            delivery.result()


async def test_closing_ends_every_wait() -> None:
    accumulator = Accumulator(SETTINGS)
    delivery = accumulator.append(record(A, bytes(1000)), 1.0)
    room = asyncio.ensure_future(accumulator.wait_for_room())
    empty = asyncio.ensure_future(accumulator.wait_until_empty())
    await asyncio.sleep(0)
    accumulator.close(CLOSED)
    async with asyncio.timeout(5):
        await empty
        with pytest.raises(KafkaError, match="closed"):
            await room
    assert delivery.exception() is CLOSED


async def test_nothing_is_accepted_after_closing_and_the_first_reason_stays() -> None:
    accumulator = Accumulator(SETTINGS)
    accumulator.close(CLOSED)
    accumulator.close(KafkaError(ErrorCode.NETWORK_EXCEPTION, "again"))
    with pytest.raises(KafkaError, match="closed"):
        accumulator.append(record(), 1.0)
    with pytest.raises(KafkaError, match="closed"):
        await accumulator.wait_for_room()


@pytest.mark.parametrize("late", ["finished", "give_back"])
async def test_a_batch_that_comes_back_after_closing_changes_nothing(late: str) -> None:
    accumulator = Accumulator(SETTINGS)
    delivery = accumulator.append(record(), 1.0)
    [batch] = accumulator.due(1.0, at_once=True)
    accumulator.take(batch)
    accumulator.close(CLOSED)
    if late == "finished":
        accumulator.finished(batch)
    else:
        accumulator.give_back(batch, 0.0)
    assert delivery.exception() is CLOSED
    assert accumulator.next_due() is None
    await accumulator.wait_until_empty()
