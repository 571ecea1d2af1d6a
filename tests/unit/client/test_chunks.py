"""Which of the fetched batches a reader is shown, and where each leads to."""

import asyncio

import pytest

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.chunks import Chunk, chunks
from ottla.client.consuming.positions import Place
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import DECODE_ON_THE_SPOT_BYTES
from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker
from ottla.records.reader import read_values
from ottla.wire.messages.fetch import AbortedTransaction

PLACE = Place(TopicPartition("t", 0))


def data(base_offset: int, count: int, producer_id: int = -1) -> bytes:
    builder = BatchBuilder(
        producer_id=producer_id,
        producer_epoch=0 if producer_id >= 0 else -1,
        base_sequence=0 if producer_id >= 0 else -1,
        is_transactional=producer_id >= 0,
    )
    for number in range(count):
        builder.append(0, None, b"%d" % (base_offset + number))
    return builder.build(base_offset)


def marker(offset: int, producer_id: int, control_type: ControlType) -> bytes:
    end = EndTransactionMarker(control_type, 0)
    return build_end_transaction_marker(
        end, producer_id=producer_id, producer_epoch=0, timestamp_ms=0, base_offset=offset
    )


def shown(log: bytes, *aborted: tuple[int, int], committed_only: bool = True) -> list[tuple[int | None, int]]:
    """Base offset (None for a gap) and next offset of each chunk."""
    listed = [AbortedTransaction(producer_id=who, first_offset=first) for who, first in aborted]
    found = chunks(PLACE, list(batches(log)), listed if committed_only else None)
    return [(chunk.batch.base_offset if chunk.batch else None, chunk.next_offset) for chunk in found]


def test_control_batches_only_move_the_position() -> None:
    log = data(0, 2, 7) + marker(2, 7, ControlType.COMMIT) + data(3, 1)
    assert shown(log) == [(0, 3), (3, 4)]
    assert shown(log, committed_only=False) == [(0, 3), (3, 4)]


def test_what_begins_with_a_control_batch_begins_with_a_gap() -> None:
    assert shown(marker(5, 7, ControlType.COMMIT)) == [(None, 6)]
    assert shown(marker(5, 7, ControlType.COMMIT) + data(6, 1)) == [(None, 6), (6, 7)]


def test_an_aborted_transaction_is_skipped_up_to_its_marker_and_no_further() -> None:
    log = (
        data(0, 1, 7)
        + data(1, 1, 8)
        + marker(2, 7, ControlType.ABORT)
        + data(3, 1, 7)
        + marker(4, 8, ControlType.COMMIT)
        + marker(5, 7, ControlType.COMMIT)
    )
    assert shown(log, (7, 0)) == [(None, 1), (1, 3), (3, 6)]
    assert shown(log, (7, 0), committed_only=False) == [(0, 1), (1, 3), (3, 6)]


def test_a_producer_may_abort_twice_in_what_one_fetch_brings() -> None:
    abort = ControlType.ABORT
    log = data(0, 1, 7) + marker(1, 7, abort) + data(2, 1) + data(3, 1, 7) + marker(4, 7, abort) + data(5, 1)
    assert shown(log, (7, 3), (7, 0)) == [(None, 2), (2, 5), (5, 6)]


def test_what_is_not_transactional_is_shown_whoever_aborts() -> None:
    assert shown(data(0, 1) + data(1, 1, 7) + data(2, 1), (7, 1)) == [(0, 2), (2, 3)]


async def test_a_large_batch_is_prepared_once_and_reads_the_same() -> None:
    builder = BatchBuilder(codec=Codec.ZSTD)
    values = [bytes([number % 251]) * 3000 + b"%d" % number for number in range(2000)]
    for value in values:
        builder.append(0, None, value)
    raw = builder.build(0)
    chunk = Chunk(PLACE, Batch(raw), 2000, DECODE_ON_THE_SPOT_BYTES + 1, 0)
    padded = raw if len(raw) > DECODE_ON_THE_SPOT_BYTES else None
    await chunk.prepare(check_crcs=True)
    await chunk.prepare(check_crcs=True)
    assert chunk.batch is not None
    assert read_values(chunk.batch) == values
    assert not chunk.is_large
    assert padded is None or chunk.batch.codec is Codec.NONE


@pytest.mark.parametrize("count", [1, 20_000])
async def test_a_wrong_checksum_is_an_error_that_names_the_place(count: int) -> None:
    raw = bytearray(data(4, count))
    raw[-2] ^= 1
    chunk = Chunk(PLACE, Batch(bytes(raw)), 4 + count, len(raw), 0)
    with pytest.raises(KafkaError, match="t-0: batch at offset 4: its checksum is wrong") as caught:
        await chunk.prepare(check_crcs=True)
    assert caught.value.code == ErrorCode.CORRUPT_MESSAGE
    await chunk.prepare(check_crcs=False)


def test_a_large_batch_leaves_the_loop_free() -> None:
    chunk = Chunk(PLACE, Batch(data(0, 30_000)), 30_000, 0, 0)
    assert chunk.is_large

    async def beats_meanwhile() -> bool:
        preparing = asyncio.ensure_future(chunk.prepare(check_crcs=True))
        await asyncio.sleep(0)
        free = not preparing.done()
        await preparing
        return free

    assert asyncio.run(beats_meanwhile())
