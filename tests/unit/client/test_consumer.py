"""Which records of the fetched batches a reader is shown."""

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
