"""A partition's producers as bytes, in Apache Kafka's snapshot format (`<offset>.snapshot`, version 1).

Layout, big-endian: version int16, CRC-32C uint32 of all that follows, count int32, then for each producer: id int64,
epoch int16, last sequence int32, last offset int64, offset delta int32, timestamp int64, coordinator epoch int32, first
offset of its open transaction int64 (-1: none). Only the newest of the remembered batches is kept.
"""

import struct
from collections.abc import Iterable

from ottla.log.producers import AppendedBatch, Producer
from ottla.records.crc32c import crc32c

VERSION = 1
_HEAD = struct.Struct(">hI")
_COUNT = struct.Struct(">i")
_ENTRY = struct.Struct(">qhiqiqiq")
_NO_SEQUENCE = -1


class SnapshotError(ValueError):
    """The bytes are not a snapshot, or are damaged: the state is rebuilt from the log instead."""


def encode_snapshot(producers: Iterable[Producer]) -> bytes:
    """The whole file."""
    entries = [_entry(producer) for producer in producers]
    body = _COUNT.pack(len(entries)) + b"".join(entries)
    return _HEAD.pack(VERSION, crc32c(body)) + body


def _entry(producer: Producer) -> bytes:
    last = (
        producer.batches[-1]
        if producer.batches
        else AppendedBatch(_NO_SEQUENCE, -1, 0, producer.last_timestamp)
    )
    return _ENTRY.pack(
        producer.producer_id,
        producer.epoch,
        last.last_sequence,
        last.last_offset,
        last.offset_delta,
        producer.last_timestamp,
        producer.coordinator_epoch,
        producer.current_txn_first_offset,
    )


def decode_snapshot(data: bytes) -> list[Producer]:
    """The producers in `data`. Raises SnapshotError."""
    if len(data) < _HEAD.size + _COUNT.size:
        raise SnapshotError(f"a snapshot of {len(data)} bytes is too short")
    version, crc = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if version != VERSION or crc != crc32c(body):
        raise SnapshotError(f"version {version} or CRC-32C {crc:#010x} does not fit")
    (count,) = _COUNT.unpack_from(body)
    if count * _ENTRY.size != len(body) - _COUNT.size:
        raise SnapshotError(f"{count} producers announced in {len(body)} bytes")
    return [_producer(*fields) for fields in _ENTRY.iter_unpack(body[_COUNT.size :])]


def _producer(  # noqa: PLR0913, PLR0917 - one argument per field of the entry
    producer_id: int,
    epoch: int,
    last_sequence: int,
    last_offset: int,
    offset_delta: int,
    timestamp: int,
    coordinator_epoch: int,
    current_txn_first_offset: int,
) -> Producer:
    producer = Producer(producer_id, epoch, timestamp, coordinator_epoch, current_txn_first_offset)
    if last_offset >= 0:
        producer.batches.append(AppendedBatch(last_sequence, last_offset, offset_delta, timestamp))
    return producer
