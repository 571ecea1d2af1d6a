"""What waits for delivery: which batch is due when, how much may wait, and what becomes of it."""

import asyncio
import itertools

import pytest
from tests.support.producing import A, B, accumulator, append, due, take, values

from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.failures import expired
from ottla.core.errors import ErrorCode, KafkaError

CLOSED = KafkaError(ErrorCode.NETWORK_EXCEPTION, "closed")


def test_a_batch_is_due_when_it_has_lingered() -> None:
    made = accumulator()
    append(made, now=1.0)
    append(made, now=1.005)
    assert due(made, 1.009) == []
    assert made.next_alarm() == pytest.approx(1.01)
    assert values(take(made, 1.01)) == [b"v", b"v"]


def test_a_batch_that_was_behind_others_lingers_as_well_once_it_is_the_first() -> None:
    made = accumulator()
    append(made, bytes(250), now=1.0)
    append(made, b"small", now=1.0)
    first = take(made, 1.0)
    made.delivered(first, 0, -1)
    assert due(made, 1.005) == []
    assert values(take(made, 1.01)) == [b"small"]


def test_a_full_batch_and_one_that_is_pressed_do_not_linger() -> None:
    made = accumulator()
    append(made, bytes(200))
    assert due(made, 1.0) == []
    made.press()
    made.delivered(take(made, 1.0), 0, -1)
    append(made, bytes(200))
    append(made, bytes(200))
    assert [queue.partition for queue in due(made, 1.0)] == [A]


def test_what_is_awaited_does_not_linger_unless_somebody_said_how_long() -> None:
    made, told = accumulator(linger_ms=None), accumulator(linger_ms=10)
    for each in (made, told):
        append(each)
        each.press_awaited(each.queue(A))
    assert values(take(made, 1.0)) == [b"v"]
    assert due(told, 1.0) == []
    append(made, now=2.0)  # nobody waits for this one
    assert due(made, 2.0) == []
    assert made.next_alarm() is not None


def test_without_linger_everything_is_due_at_once() -> None:
    made = accumulator(linger_ms=0)
    append(made, partition=A)
    append(made, partition=B)
    assert [queue.partition for queue in due(made, 1.0)] == [A, B]


def test_what_was_taken_does_not_grow() -> None:
    made = accumulator(linger_ms=0)
    append(made, b"first")
    first = take(made)
    made.put_back(first, 0.0)
    append(made, b"second")
    assert values(first) == [b"first"]


def test_what_comes_back_waits_its_time() -> None:
    made = accumulator(linger_ms=0, delivery_timeout_ms=10_000)
    append(made, b"first")
    made.put_back(take(made), not_before=3.0)
    assert due(made, 2.9) == []
    assert values(take(made, 3.0)) == [b"first"]


async def test_delivery_tells_each_record_its_offset_and_time() -> None:
    made = accumulator()
    deliveries = [append(made) for _ in range(3)]
    made.delivered(take(made), 40, -1)
    assert [delivery.result() for delivery in deliveries] == [("t", 0, offset, 5) for offset in (40, 41, 42)]


async def test_log_append_time_and_unknown_offsets() -> None:
    made = accumulator()
    stamped, unknown = append(made, partition=A), append(made, partition=B)
    first, second = (made.take(queue) for queue in due(made, 1.5))
    made.delivered(first, 7, 99)
    made.delivered(second, -1, -1)
    assert stamped.result()[2:] == (7, 99)
    assert unknown.result()[2:] == (-1, 5)


async def test_what_waits_or_is_away_too_long_is_found_expired() -> None:
    made = accumulator()
    away, waiting, young = (
        append(made, bytes(250)),
        append(made, bytes(250)),
        append(made, now=1.5, partition=B),
    )
    gone = made.take(due(made, 1.0)[0])
    found = made.look(2.0)
    assert [batch.outcome for batch in found] == [away.outcome, waiting.outcome]
    for batch in found:
        made.fail(batch, expired(batch, 1000, "broker 1 is gone"))
    with pytest.raises(
        KafkaError, match=r"t-0: not delivered in 1000 ms \(broker 1 is gone\); it may have been"
    ):
        away.result()
    with pytest.raises(KafkaError, match=r"not delivered in 1000 ms \(broker 1 is gone\)$") as caught:
        waiting.result()
    assert caught.value.code == ErrorCode.REQUEST_TIMED_OUT
    assert not young.done()
    made.delivered(gone, 3, -1)
    assert away.exception() is not None, "what was said stays said"


async def test_a_full_buffer_refuses_and_says_when_there_is_room() -> None:
    made = accumulator(buffer_memory=700)
    append(made, bytes(250))
    append(made, bytes(250))
    with pytest.raises(BufferFull, match=r"await producer\.ready"):
        append(made, bytes(250))
    waiting = asyncio.ensure_future(made.memory.room(300))
    await asyncio.sleep(0)
    assert not waiting.done()
    made.delivered(take(made), 0, -1)
    await waiting
    append(made, bytes(250))


def test_memory_is_given_back_to_the_last_byte() -> None:
    made = accumulator(linger_ms=0)
    append(made, b"v" * 900)
    append(made, b"w")
    for _ in range(2):
        made.delivered(take(made), 0, -1)
    assert made.memory.reserved_bytes == 0
    assert not made.busy


async def test_one_record_larger_than_the_buffer_passes_alone() -> None:
    made = accumulator(buffer_memory=100)
    append(made, bytes(1000))
    with pytest.raises(BufferFull):
        append(made, bytes(1000), partition=B)


async def test_closing_gives_up_what_waits_and_what_is_away_and_ends_every_wait() -> None:
    made = accumulator(buffer_memory=700)
    deliveries = [append(made, bytes(250)) for _ in range(2)]
    take(made, 1.0)
    room = asyncio.ensure_future(made.memory.room(300))
    await asyncio.sleep(0)
    made.close(CLOSED)
    for delivery in deliveries:
        with pytest.raises(KafkaError, match="closed"):
            await delivery
    with pytest.raises(KafkaError, match="closed"):
        await room
    with pytest.raises(KafkaError, match="closed"):
        append(made, partition=B)


@pytest.mark.parametrize("late", ["delivered", "put_back"])
async def test_a_batch_that_comes_back_after_closing_changes_nothing(late: str) -> None:
    made = accumulator()
    delivery = append(made)
    batch = take(made)
    made.close(CLOSED)
    if late == "delivered":
        made.delivered(batch, 4, -1)
    else:
        made.put_back(batch, 0.0)
    assert delivery.exception() is CLOSED
    assert due(made, 1.5) == []
    assert not made.busy


async def test_a_batch_in_which_nothing_could_be_put_is_forgotten() -> None:
    made = accumulator()
    queue = made.queue(A)
    made.open(queue, 10, 1.0)
    made.discard_empty(queue)
    assert queue.is_idle
    assert made.memory.reserved_bytes == 0
    assert made.press() == []


async def test_a_split_keeps_records_and_numbers_in_order() -> None:
    made = accumulator(linger_ms=0, batch_size=1000)
    append(made, b"0")
    made.delivered(take(made), 0, -1)
    deliveries = [append(made, b"%d" % number * 100) for number in range(6)]
    behind = append(made, bytes(900))
    whole = take(made)
    made.split(whole)
    sent: list[bytes | None] = []
    sequences = []
    while len(made.queue(A).waiting) > 1:
        part = take(made)
        sent += values(part)
        sequences.append((part.base_sequence, part.records_count))
        made.delivered(part, len(sent), -1)
    assert sent == [b"%d" % number * 100 for number in range(6)]
    assert len(sequences) > 1
    assert sequences[0][0] == 1
    assert all(one[0] + one[1] == other[0] for one, other in itertools.pairwise(sequences))
    offsets = [delivery.result().offset for delivery in deliveries]
    assert offsets == sorted(offsets)
    assert not behind.done()
    assert take(made).base_sequence == 7
