"""Builds a record batch of format v2, in Python."""

import sys
from collections.abc import Sequence

from ottla.records.batch import CONTROL_BIT, HEADER_BYTES, LOG_APPEND_TIME_BIT, TRANSACTIONAL_BIT
from ottla.records.compression import Codec, compress
from ottla.records.header import encode_header
from ottla.records.timestamp_type import TimestampType
from ottla.records.varint import ENCODED, TABLE_SIZE, encode
from ottla.wire.types import Buffer

MAX_TIMESTAMP = 2**63 - 1
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
        """Add a record and return its offset delta.

        Raises ValueError for a timestamp under -1 («none») or over 63 bits, TypeError for what is no buffer.
        """
        # Straight-line on purpose: this is run once for every message a producer sends.
        if not -1 <= timestamp_ms <= MAX_TIMESTAMP:
            raise ValueError(f"a record's timestamp is {timestamp_ms} ms; it must be from -1 to 2⁶³-1")
        offset_delta = self.records_count
        base_timestamp = self._base_timestamp
        if base_timestamp is None:
            base_timestamp = timestamp_ms
        delta = timestamp_ms - base_timestamp
        delta = delta << 1 ^ delta >> 63
        encoded_delta = ENCODED[delta] if delta < TABLE_SIZE else encode(timestamp_ms - base_timestamp)
        encoded_offset = ENCODED[offset_delta << 1] if offset_delta < 2048 else encode(offset_delta)
        if value is None:
            value_size, value = b"\x01", b""
        else:
            size = len(value) if type(value) is bytes else memoryview(value).nbytes
            value_size = ENCODED[size << 1] if size < 2048 else encode(size)
        if key is None and not headers:
            record = b"".join((b"\x00", encoded_delta, encoded_offset, b"\x01", value_size, value, b"\x00"))
        else:
            record = b"".join(
                (
                    b"\x00",
                    encoded_delta,
                    encoded_offset,
                    b"\x01" if key is None else encode(memoryview(key).nbytes),
                    key or b"",
                    value_size,
                    value,
                    _encode_headers(headers) if headers else b"\x00",
                )
            )
        length = len(record)
        encoded_length = ENCODED[length << 1] if length < 2048 else encode(length)
        self._parts += (encoded_length, record)
        self._records_bytes += len(encoded_length) + length
        self.records_count = offset_delta + 1
        self._base_timestamp = base_timestamp
        if timestamp_ms > self._max_timestamp:  # noqa: PLR1730 - half of max's time
            self._max_timestamp = timestamp_ms
        return offset_delta

    def append_many(
        self,
        timestamp_ms: int,
        values: Sequence[Buffer | None],
        keys: Sequence[Buffer | None] | None = None,
        start: int = 0,
        limit_bytes: int = sys.maxsize,
        headers: Sequence[Headers] | None = None,
    ) -> int:
        """Append the values from index `start` on, each with its key and headers, while the batch keeps the limit.

        The limit is one of `size_in_bytes`; an empty batch takes a record of any size. Returns the index of
        the first value that was not appended. Raises ValueError for other than one key, or one record's headers, to
        a value, TypeError for what is no buffer; what comes before that is in the batch then.
        """
        if keys is not None and len(keys) != len(values):
            raise ValueError(f"{len(values)} values and {len(keys)} keys; there must be as many")
        if headers is not None and len(headers) != len(values):
            raise ValueError(f"{len(values)} values and {len(headers)} headers; there must be as many")
        for index in range(start, len(values)):
            before = self._records_bytes, self._max_timestamp
            key = None if keys is None else keys[index]
            self.append(timestamp_ms, key, values[index], () if headers is None else headers[index])
            if self._records_bytes > limit_bytes and self.records_count > 1:
                self.records_count -= 1
                self._records_bytes, self._max_timestamp = before
                del self._parts[-2:]
                return index
        return len(values)

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
            parts += (encode(memoryview(value).nbytes), value)
    return b"".join(parts)
