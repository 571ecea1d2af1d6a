"""Which records of the fetched batches a reader is shown."""

import asyncio

import pytest

from ottla.client.consumer import Consumer
from ottla.client.fetcher import FetchedBatches
from ottla.client.metadata import TopicPartition
from ottla.client.settings import ConsumerSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.batch import batches
from ottla.records.builder import BatchBuilder


def batch(base_offset: int, count: int, *, is_control: bool = False) -> bytes:
    builder = BatchBuilder(is_control=is_control)
    for number in range(count):
        builder.append(0, b"\0\0\0\1", b"%d" % (base_offset + number))
    return builder.build(base_offset)


def shown(data: bytes, offset: int = 0, settings: ConsumerSettings | None = None) -> list[int]:
    fetched = FetchedBatches(TopicPartition("t", 0), list(batches(data)), offset, 0, 0, len(data))
    return [record.offset for record in Consumer("h:1", settings)._records(fetched)]


def test_from_the_position_on_and_no_control_records() -> None:
    data = batch(0, 5) + batch(5, 1, is_control=True) + batch(6, 2)
    assert shown(data, offset=3) == [3, 4, 6, 7]


def test_a_wrong_checksum_is_an_error_that_names_the_place() -> None:
    data = bytearray(batch(4, 1))
    data[-2] ^= 1
    with pytest.raises(KafkaError, match="t-0: batch at offset 4: its checksum is wrong") as caught:
        shown(bytes(data))
    assert caught.value.code == ErrorCode.CORRUPT_MESSAGE


def test_checksums_can_be_trusted_unseen() -> None:
    data = bytearray(batch(4, 1))
    data[-2] ^= 1
    assert shown(bytes(data), settings=ConsumerSettings(check_crcs=False)) == [4]


def test_records_that_do_not_fit_their_batch_are_an_error() -> None:
    data = bytearray(batch(0, 1))
    data[61] = 0x7E
    with pytest.raises(KafkaError, match="t-0: batch at offset 0"):
        shown(bytes(data), settings=ConsumerSettings(check_crcs=False))


class Arriving:
    """A fetcher whose batches come when the test says so."""

    def __init__(self, *arrived: bytes) -> None:
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        for data in arrived:
            self.arrived.put_nowait(data)

    async def take(self) -> FetchedBatches:
        data = await self.arrived.get()
        found = list(batches(data))
        return FetchedBatches(TopicPartition("t", 0), found, 0, found[-1].next_offset, 9, len(data))


def reading(arriving: Arriving) -> Consumer:
    consumer = Consumer("h:1")
    consumer._fetcher = arriving  # type: ignore[assignment]
    return consumer


async def test_poll_passes_over_what_holds_no_record_for_a_reader() -> None:
    consumer = reading(Arriving(batch(0, 1, is_control=True), batch(1, 2)))
    fetched = await consumer.poll()
    assert [record.offset for record in fetched.records] == [1, 2]
    assert fetched.next_offset == 3


async def test_the_next_fetch_tells_of_control_records_by_its_next_offset_alone() -> None:
    fetched = await reading(Arriving(batch(0, 1, is_control=True))).next_fetch()
    assert (fetched.records, fetched.next_offset) == ([], 1)


async def test_a_poll_that_is_timed_out_loses_nothing() -> None:
    arriving = Arriving(batch(0, 1, is_control=True))
    consumer = reading(arriving)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await consumer.poll()
    arriving.arrived.put_nowait(batch(1, 1))
    assert [record.offset for record in (await consumer.poll()).records] == [1]
