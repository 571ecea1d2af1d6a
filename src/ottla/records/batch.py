"""A view over one record batch of format v2 (docs/formats/record-batch.md): its fields, nothing copied."""

import struct
from collections.abc import Iterator
from typing import Final

from ottla.records.compression import Codec
from ottla.records.crc32c import crc32c
from ottla.records.errors import CorruptRecordError, UnsupportedCodecError, UnsupportedMagicError
from ottla.records.timestamp_type import TimestampType
from ottla.wire.types import Buffer

HEADER: Final = struct.Struct(">qiibIhiqqqhii")
"""The header's fields, in order; the names are `Batch`'s."""

HEADER_BYTES: Final = 61
PREFIX_BYTES: Final = 12
"""Base offset and length: the bytes that `batch_length` does not count."""

MAGIC: Final = 2
CRC_START: Final = 21
"""The checksum covers everything from the attributes on."""

CODEC_BITS: Final = 0x07
LOG_APPEND_TIME_BIT: Final = 0x08
TRANSACTIONAL_BIT: Final = 0x10
CONTROL_BIT: Final = 0x20
DELETE_HORIZON_BIT: Final = 0x40

_CODECS = tuple(Codec)
_length_and_magic = struct.Struct(">iib")


_TIMESTAMP_TYPES = tuple(TimestampType)


class Batch:
    """One batch inside `buffer`, from `position` on; `.buffer` is a view of exactly its bytes.

    Raises CorruptRecordError unless a whole batch of magic 2 is there. Neither the checksum nor the records
    are looked at: `crc_is_valid`, `ottla.records.reader`, `ottla.records.validate`.
    """

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "batch_length",
        "buffer",
        "crc",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "records_count",
    )

    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records_count: int
    buffer: memoryview

    def __init__(self, buffer: Buffer, position: int = 0) -> None:
        try:
            (
                self.base_offset,
                self.batch_length,
                self.partition_leader_epoch,
                self.magic,
                self.crc,
                self.attributes,
                self.last_offset_delta,
                self.base_timestamp,
                self.max_timestamp,
                self.producer_id,
                self.producer_epoch,
                self.base_sequence,
                self.records_count,
            ) = HEADER.unpack_from(buffer, position)
        except struct.error:
            raise _too_short(buffer, position) from None
        size = self.batch_length + 12
        if self.magic != 2:
            raise UnsupportedMagicError(self.magic)
        if size < 61 or len(buffer) - position < size:
            raise CorruptRecordError(
                f"batch at byte {position} says it takes {size} bytes; {len(buffer) - position} are there"
            )
        self.buffer = memoryview(buffer)[position : position + size]

    @property
    def size_in_bytes(self) -> int:
        """The whole batch: `batch_length` and the 12 bytes before what it counts."""
        return self.batch_length + 12

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.last_offset_delta + 1

    @property
    def codec(self) -> Codec:
        """Raises UnsupportedCodecError where the bits name none."""
        number = self.attributes & 7
        if number > 4:
            raise UnsupportedCodecError(f"unknown compression codec {number}")
        return _CODECS[number]

    @property
    def timestamp_type(self) -> TimestampType:
        return _TIMESTAMP_TYPES[self.attributes >> 3 & 1]

    @property
    def is_transactional(self) -> bool:
        return self.attributes & 0x10 != 0

    @property
    def is_control(self) -> bool:
        """Its records are control records (transaction markers): never shown to a consumer."""
        return self.attributes & 0x20 != 0

    @property
    def delete_horizon_ms(self) -> int | None:
        """When compaction may drop this batch's tombstones or marker (KIP-534); None: not set yet."""
        return self.base_timestamp if self.attributes & 0x40 else None

    @property
    def last_sequence(self) -> int:
        """The last record's sequence, after 2³¹-1 comes 0; -1 when the batch has none."""
        if self.base_sequence < 0:
            return -1
        return (self.base_sequence + self.last_offset_delta) & 0x7FFF_FFFF

    @property
    def payload(self) -> memoryview:
        """The records, compressed as they are."""
        return self.buffer[61:]

    def crc_is_valid(self) -> bool:
        """Whether the stored CRC-32C is that of the bytes from the attributes on."""
        return crc32c(self.buffer[21:]) == self.crc

    def __repr__(self) -> str:
        return (
            f"Batch(offsets {self.base_offset}..{self.last_offset}, {self.records_count} records, "
            f"{self.size_in_bytes} bytes, attributes {self.attributes:#06x})"
        )


def _too_short(buffer: Buffer, position: int) -> CorruptRecordError:
    left = len(buffer) - position
    if left >= 17:  # a short batch of an old format is told from a cut one by its magic byte
        magic = _length_and_magic.unpack_from(buffer, position + 8)[2]
        if magic != MAGIC:
            return UnsupportedMagicError(magic)
    return CorruptRecordError(
        f"{left} bytes at byte {position} are less than a batch header's {HEADER_BYTES}"
    )


def batches(buffer: Buffer) -> Iterator[Batch]:
    """The batches in `buffer` one after the other; a cut one at the end is left out (fetches end in such)."""
    position, size = 0, len(buffer)
    view = memoryview(buffer)
    while size - position >= HEADER_BYTES:
        batch_length = int.from_bytes(view[position + 8 : position + 12], "big", signed=True)
        if batch_length + 12 > size - position:
            return
        batch = Batch(view, position)
        position += batch.batch_length + 12
        yield batch
