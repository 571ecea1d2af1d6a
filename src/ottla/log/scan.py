"""Walking over the headers of batches that lie one after the other in a file or a buffer."""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ottla.core.limits import MAX_BATCH_BYTES, SCAN_CHUNK_BYTES
from ottla.log.errors import LogReadError
from ottla.records.batch import CONTROL_BIT, HEADER_BYTES, TRANSACTIONAL_BIT
from ottla.wire.types import Buffer

ReadAt = Callable[[int, int], Buffer]
"""(size, position) → the bytes there."""

# base offset, batch length, leader epoch, magic, crc, attributes, last offset delta, base timestamp, max timestamp,
# producer id, producer epoch, base sequence
_HEADER = struct.Struct(">qiibIhiqqqhi")
_length = struct.Struct(">i").unpack_from
_offset = struct.Struct(">q").unpack_from
_delta = struct.Struct(">i").unpack_from
_MAX_SEQUENCE = 2**31 - 1


class BatchAt(NamedTuple):
    """Where a batch lies in its segment's file, and what its header says."""

    position: int
    size: int
    base_offset: int
    last_offset: int
    leader_epoch: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    attributes: int

    @property
    def is_transactional(self) -> bool:
        return self.attributes & TRANSACTIONAL_BIT != 0

    @property
    def is_control(self) -> bool:
        return self.attributes & CONTROL_BIT != 0

    @property
    def last_offset_delta(self) -> int:
        return self.last_offset - self.base_offset

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record, after 2^31-1 comes 0; -1 when the batch has none."""
        if self.base_sequence < 0:
            return -1
        return (self.base_sequence + self.last_offset_delta) & _MAX_SEQUENCE


class ColdRead(Exception):  # noqa: N818 - not an error: the disk would have to be waited for
    """The bytes are not in memory, and the caller must not wait."""


def header_at(buffer: Buffer, index: int, position: int) -> BatchAt:
    """The header that begins at `buffer[index]`, which is the file's byte `position`. Raises LogReadError."""
    (base_offset, length, epoch, magic, _, attributes, delta, base_timestamp, max_timestamp,
     producer_id, producer_epoch, base_sequence) = _HEADER.unpack_from(buffer, index)  # fmt: skip
    if magic != 2 or not HEADER_BYTES <= length + 12 <= MAX_BATCH_BYTES or delta < 0 or base_offset < 0:
        raise LogReadError(f"no record batch begins at byte {position}")
    return BatchAt(
        position, length + 12, base_offset, base_offset + delta, epoch, base_timestamp, max_timestamp,
        producer_id, producer_epoch, base_sequence, attributes,
    )  # fmt: skip


def headers(read: ReadAt, position: int, end: int, chunk_bytes: int = SCAN_CHUNK_BYTES) -> Iterator[BatchAt]:
    """The headers from `position` up to `end`. Raises LogReadError at what is no whole batch."""
    start, chunk = position, read(min(chunk_bytes, end - position), position) if position < end else b""
    while position < end:
        index = position - start
        if index + HEADER_BYTES > len(chunk):
            start, chunk, index = position, read(min(chunk_bytes, end - position), position), 0
            if len(chunk) < HEADER_BYTES:
                raise LogReadError(f"{len(chunk)} bytes at byte {position} are less than a batch")
        batch = header_at(chunk, index, position)
        if position + batch.size > end:
            raise LogReadError(f"the batch at byte {position} goes on after the end of the file")
        yield batch
        position += batch.size


def find_batch(read: ReadAt, position: int, end: int, offset: int) -> BatchAt | None:
    """The first batch from `position` on whose last offset is at least `offset`."""
    for batch in headers(read, position, end):
        if batch.last_offset >= offset:
            return batch
    return None


def cut(buffer: Buffer, index: int, next_offset: int) -> tuple[int, int]:
    """Where the last whole batch in `buffer` ends, walking from the batch at `index`; and the offset after it.

    `next_offset` is the answer's second part when not even one batch is whole.
    """
    size, last = len(buffer), -1
    while index + 12 <= size:
        end: int = index + 12 + _length(buffer, index + 8)[0]
        if end > size:
            break
        if end < index + HEADER_BYTES:
            raise LogReadError("a batch with a length that cannot be")
        last, index = index, end
    if last >= 0:
        next_offset = _offset(buffer, last)[0] + _delta(buffer, last + 23)[0] + 1
    return index, next_offset


def base_offset_at(buffer: Buffer) -> int:
    """The base offset of the batch at the start of `buffer`."""
    base_offset: int = _offset(buffer, 0)[0]
    return base_offset
