"""Builds a record batch of format v2, a record at a time (the producer's hot path)."""

from collections.abc import Sequence

from ottla.records.batch import (
    CONTROL_BIT,
    HEADER,
    HEADER_BYTES,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    PREFIX_BYTES,
    TRANSACTIONAL_BIT,
    TimestampType,
)
from ottla.records.compression import Codec, compress
from ottla.records.crc32c import crc32c
from ottla.records.varint import ENCODED, TABLE_SIZE, encode
from ottla.wire.types import Buffer

Headers = Sequence[tuple[str, Buffer | None]]


class BatchBuilder:
    """One batch in the making; `build` may be called more than once, with appends in between.

    `base_timestamp` fixes what the records' timestamps are counted from; by default the first record's.
    """

    __slots__ = (
        "_base_timestamp",
        "_max_timestamp",
        "_parts",
        "_records_bytes",
        "attributes",
        "base_sequence",
        "codec",
        "compression_level",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "records_count",
    )

    def __init__(  # noqa: PLR0913 - each is one field of the header
        self,
        codec: Codec = Codec.NONE,
        compression_level: int | None = None,
        *,
        producer_id: int = -1,
        producer_epoch: int = -1,
        base_sequence: int = -1,
        is_transactional: bool = False,
        is_control: bool = False,
        timestamp_type: TimestampType = TimestampType.CREATE_TIME,
        partition_leader_epoch: int = -1,
        base_timestamp: int | None = None,
    ) -> None:
        self.codec = codec
        self.compression_level = compression_level
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.base_sequence = base_sequence
        self.partition_leader_epoch = partition_leader_epoch
        self.attributes = (
            int(codec)
            | (TRANSACTIONAL_BIT if is_transactional else 0)
            | (CONTROL_BIT if is_control else 0)
            | (LOG_APPEND_TIME_BIT if timestamp_type is TimestampType.LOG_APPEND_TIME else 0)
        )
        self.records_count = 0
        self._base_timestamp = base_timestamp
        self._max_timestamp = -1
        self._parts: list[bytes] = []
        self._records_bytes = HEADER_BYTES

    @property
    def size_in_bytes(self) -> int:
        """The batch's size if it were built uncompressed now."""
        return self._records_bytes

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp so far; -1 when there is none."""
        return self._max_timestamp

    def append(
        self, timestamp_ms: int, key: Buffer | None, value: Buffer | None, headers: Headers = ()
    ) -> int:
        """Add a record and return its offset delta. Raises ValueError for a timestamp under -1 («none»)."""
        # Straight-line on purpose: this is run once for every message a producer sends.
        offset_delta = self.records_count
        if timestamp_ms > self._max_timestamp:
            self._max_timestamp = timestamp_ms
        elif timestamp_ms < -1:
            raise ValueError(f"a record's timestamp is {timestamp_ms} ms; it must be -1 or more")
        base_timestamp = self._base_timestamp
        if base_timestamp is None:
            self._base_timestamp = base_timestamp = timestamp_ms
        delta = timestamp_ms - base_timestamp
        delta = delta << 1 ^ delta >> 63
        encoded_delta = ENCODED[delta] if delta < TABLE_SIZE else encode(timestamp_ms - base_timestamp)
        encoded_offset = ENCODED[offset_delta << 1] if offset_delta < 2048 else encode(offset_delta)
        if value is None:
            value_size, value = b"\x01", b""
        else:
            size = len(value)
            value_size = ENCODED[size << 1] if size < 2048 else encode(size)
        if key is None and not headers:
            length = 3 + len(encoded_delta) + len(encoded_offset) + len(value_size) + len(value)
            record = b"".join(
                (
                    ENCODED[length << 1] if length < 2048 else encode(length),
                    b"\x00",
                    encoded_delta,
                    encoded_offset,
                    b"\x01",
                    value_size,
                    value,
                    b"\x00",
                )
            )
        else:
            record = b"".join(
                (
                    b"\x00",
                    encoded_delta,
                    encoded_offset,
                    b"\x01" if key is None else encode(len(key)),
                    key or b"",
                    value_size,
                    value,
                    _encode_headers(headers) if headers else b"\x00",
                )
            )
            record = encode(len(record)) + record
        self._parts.append(record)
        self._records_bytes += len(record)
        self.records_count = offset_delta + 1
        return offset_delta

    def build_parts(self, base_offset: int = 0) -> tuple[bytes, Buffer]:
        """Header and records, for a writer that takes several buffers; together they are `build`'s."""
        payload = compress(self.codec, b"".join(self._parts), self.compression_level)
        return self._header(base_offset, payload), payload

    def build(self, base_offset: int = 0) -> bytes:
        """The batch. Raises ValueError when there is no record in it."""
        return b"".join(self.build_parts(base_offset))

    def _header(self, base_offset: int, payload: Buffer) -> bytes:
        if not self.records_count:
            raise ValueError("a batch needs a record")
        assert self._base_timestamp is not None
        return encode_header(
            payload,
            base_offset=base_offset,
            partition_leader_epoch=self.partition_leader_epoch,
            attributes=self.attributes,
            last_offset_delta=self.records_count - 1,
            base_timestamp=self._base_timestamp,
            max_timestamp=self._max_timestamp,
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=self.base_sequence,
            records_count=self.records_count,
        )


def _encode_headers(headers: Headers) -> bytes:
    parts: list[Buffer] = [encode(len(headers))]
    for name, value in headers:
        encoded_name = name.encode()
        parts += (encode(len(encoded_name)), encoded_name)
        if value is None:
            parts.append(b"\x01")
        else:
            parts += (encode(len(value)), value)
    return b"".join(parts)


def encode_header(  # noqa: PLR0913 - each is one field of the header
    payload: Buffer,
    *,
    base_offset: int,
    partition_leader_epoch: int,
    attributes: int,
    last_offset_delta: int,
    base_timestamp: int,
    max_timestamp: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
    records_count: int,
) -> bytes:
    """The 61 bytes in front of `payload` (records, compressed as the attributes say), checksum included."""
    header = bytearray(
        HEADER.pack(
            base_offset,
            HEADER_BYTES - PREFIX_BYTES + len(payload),
            partition_leader_epoch,
            MAGIC,
            0,
            attributes,
            last_offset_delta,
            base_timestamp,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            records_count,
        )
    )
    header[17:21] = crc32c(payload, crc32c(header[21:])).to_bytes(4, "big")
    return bytes(header)
