"""Produce requests with batches that must not reach the log: one error per partition, nothing appended."""

import struct
import time
from collections.abc import Callable
from typing import Final

import pytest
from tests.compat.witness import one_record
from tests.support import batches
from tests.support.batches import Record
from tests.support.bytes import Reader, array, blob, int16, int32, string
from tests.support.process import BrokerProcess
from tests.support.wire import PRODUCE, RawConnection, parse_produced, produce_body

pytestmark = [pytest.mark.compat, pytest.mark.usefixtures("witness")]

CORRUPT_MESSAGE, UNKNOWN_TOPIC_OR_PARTITION, MESSAGE_TOO_LARGE, INVALID_REQUIRED_ACKS = 2, 3, 10, 21
INVALID_TIMESTAMP, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD = (
    32,
    53,
    76,
    87,
)
HOUR_MS = 3_600_000
CONTROL: Final = 0x20
TRANSACTIONAL: Final = 0x10
ADD_PARTITIONS_TO_TXN = 24


def now_ms() -> int:
    return int(time.time() * 1000)


def patched(position: int, layout: str, value: int) -> bytes:
    """A good batch with one field overwritten; the checksum becomes right unless it is that field."""
    batch = bytearray(one_record())
    struct.pack_into(layout, batch, position, value)
    return bytes(batch) if position == 17 else resealed(batch)


def resealed(batch: bytearray) -> bytes:
    import google_crc32c

    struct.pack_into(">I", batch, 17, google_crc32c.value(bytes(batch[batches.CRC_START :])))
    return bytes(batch)


def flipped() -> bytes:
    batch = bytearray(one_record())
    batch[-2] ^= 1
    return bytes(batch)


def oversized() -> bytes:
    return batches.build([Record(b"big", b"x" * 1_048_600)], now_ms=now_ms())


def at(timestamp: int) -> bytes:
    return batches.build([Record(b"k", b"v", (), timestamp)], now_ms=now_ms())


REFUSED: dict[str, tuple[Callable[[], bytes], int]] = {
    "wrong checksum": (lambda: patched(17, ">I", 1), CORRUPT_MESSAGE),
    "a flipped bit": (flipped, CORRUPT_MESSAGE),
    "magic 0": (lambda: patched(16, ">b", 0), INVALID_RECORD),
    "magic 1": (lambda: patched(16, ">b", 1), INVALID_RECORD),
    "magic 3": (lambda: patched(16, ">b", 3), CORRUPT_MESSAGE),
    "two batches": (lambda: one_record() * 2, INVALID_RECORD),
    "no bytes": (lambda: b"", INVALID_RECORD),
    "half a batch": (lambda: one_record()[:-20], INVALID_RECORD),
    "a quarter of a header": (lambda: one_record()[:15], INVALID_RECORD),
    "negative batch length": (lambda: patched(8, ">i", -1), CORRUPT_MESSAGE),
    "batch length below a header": (lambda: patched(8, ">i", 20), CORRUPT_MESSAGE),
    "batch length past the end": (lambda: patched(8, ">i", 10_000), INVALID_RECORD),
    "oversized": (oversized, MESSAGE_TOO_LARGE),
    "count above the last offset delta": (lambda: patched(57, ">i", 5), INVALID_RECORD),
    "negative count": (lambda: patched(57, ">i", -1), INVALID_RECORD),
    "no records": (lambda: batches.build_raw(b"", 0, now_ms(), now_ms()), INVALID_RECORD),
    "negative last offset delta": (lambda: patched(23, ">i", -5), INVALID_RECORD),
    "control batch of a client": (lambda: patched(21, ">h", CONTROL), INVALID_RECORD),
    "two hours ahead": (lambda: at(now_ms() + 2 * HOUR_MS), INVALID_TIMESTAMP),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_not_appended(
    name: str, broker: BrokerProcess, connection: RawConnection, ready_topic: str
) -> None:
    batch, error = REFUSED[name]
    produced = connection.produce(ready_topic, 0, batch())
    assert (produced.error, produced.base_offset) == (error, -1), produced
    assert connection.list_offset(ready_topic, 0, -1) == (0, -1, 0)
    assert connection.produce(ready_topic, 0, one_record()).base_offset == 0
    if broker.kind == "ottla":
        assert len([line for line in broker.log_lines() if ready_topic in line]) == 1


def test_batch_of_the_largest_size_is_taken(connection: RawConnection, ready_topic: str) -> None:
    """`message.max.bytes` counts the whole batch: 1,048,588 bytes pass, one more does not."""
    room = 1_048_588 - len(batches.build([Record(b"k", b"x" * 1_000_000)], now_ms=now_ms())) + 1_000_000
    for size, error in ((room, 0), (room + 1, MESSAGE_TOO_LARGE)):
        batch = batches.build([Record(b"k", b"x" * size)], now_ms=now_ms())
        assert connection.produce(ready_topic, 0, batch).error == error, len(batch)


def test_limit_of_the_topic(connection: RawConnection, topic: str) -> None:
    assert connection.create_topic(topic, max_message_bytes="1000") == 0
    assert connection.produce(topic, 0, one_record(b"x" * 800)).error == 0
    assert connection.produce(topic, 0, one_record(b"x" * 1000)).error == MESSAGE_TOO_LARGE


@pytest.mark.parametrize("acks", [2, -2, 100])
def test_acks_that_do_not_exist(connection: RawConnection, ready_topic: str, acks: int) -> None:
    assert connection.produce(ready_topic, 0, one_record(), acks).error == INVALID_REQUIRED_ACKS
    assert connection.list_offset(ready_topic, 0, -1) == (0, -1, 0)


def test_zstd_before_version_7(connection: RawConnection, ready_topic: str) -> None:
    body = produce_body(ready_topic, 0, patched(21, ">h", 4))
    reader = connection.request(PRODUCE, 6, body)
    reader.int32(), reader.string(), reader.int32(), reader.int32()
    assert reader.int16() == UNSUPPORTED_COMPRESSION_TYPE


def test_a_bad_partition_beside_a_good_one(connection: RawConnection, topic: str) -> None:
    assert connection.create_topic(topic, 2) == 0
    partitions = [int32(0) + blob(flipped()), int32(1) + blob(one_record()), int32(7) + blob(one_record())]
    body = string(None) + int16(-1) + int32(30_000) + array([string(topic) + array(partitions)])
    errors = errors_by_partition(connection.request(PRODUCE, 8, body))
    assert errors == {0: CORRUPT_MESSAGE, 1: 0, 7: UNKNOWN_TOPIC_OR_PARTITION}
    assert [connection.list_offset(topic, partition, -1)[2] for partition in (0, 1)] == [0, 1]


def errors_by_partition(reader: Reader) -> dict[int, int]:
    """Produce v8's reply for one topic."""
    reader.int32(), reader.string()
    errors = {}
    for _ in range(reader.int32()):
        partition = reader.int32()
        errors[partition] = reader.int16()
        reader.take(24)
        reader.array(lambda: (reader.int32(), reader.string()))
        reader.string()
    return errors


def test_without_acks_a_refusal_closes(connection: RawConnection, ready_topic: str) -> None:
    """acks=0 has no reply to carry an error: Kafka closes the connection instead."""
    connection.send(PRODUCE, 8, produce_body(ready_topic, 0, one_record(), acks=0))
    connection.send(PRODUCE, 8, produce_body("no-such-topic", 3, one_record(), acks=0))
    assert connection.closed_by_broker()


def test_without_acks_there_is_no_reply(connection: RawConnection, ready_topic: str) -> None:
    for _ in range(3):
        connection.send(PRODUCE, 8, produce_body(ready_topic, 0, one_record(), acks=0))
    assert (
        parse_produced(connection.request(PRODUCE, 8, produce_body(ready_topic, 0, one_record()))).base_offset
        == 3
    )


def test_transactional_batch_without_a_transactional_id(connection: RawConnection, ready_topic: str) -> None:
    produced = connection.produce(ready_topic, 0, patched(21, ">h", TRANSACTIONAL))
    before_transactions = (INVALID_RECORD,) if not serves_transactions(connection) else ()
    assert produced.error in (TRANSACTIONAL_ID_AUTHORIZATION_FAILED, *before_transactions)
    assert connection.list_offset(ready_topic, 0, -1) == (0, -1, 0)


def serves_transactions(connection: RawConnection) -> bool:
    return ADD_PARTITIONS_TO_TXN in connection.api_versions()


def test_transactional_id_around_a_plain_batch(connection: RawConnection, ready_topic: str) -> None:
    """The id alone makes no transaction: Kafka takes the batch."""
    if not serves_transactions(connection):
        pytest.skip("this broker has no transactions yet")
    data = array([string(ready_topic) + array([int32(0) + blob(one_record())])])
    reader = connection.request(PRODUCE, 8, string("tx") + int16(-1) + int32(30_000) + data)
    assert parse_produced(reader).error == 0


@pytest.mark.parametrize("length", [-1, -2])
def test_null_records(
    broker: BrokerProcess, connection: RawConnection, ready_topic: str, length: int
) -> None:
    if broker.kind == "apache":
        pytest.skip("Apache Kafka 4.2 fails inside and never answers null records")
    data = array([string(ready_topic) + array([int32(0) + int32(length)])])
    reader = connection.request(PRODUCE, 8, string(None) + int16(-1) + int32(30_000) + data)
    assert parse_produced(reader).error == INVALID_RECORD
