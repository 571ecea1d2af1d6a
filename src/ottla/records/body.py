"""The bytes that a batch's records are in, decompressed."""

from typing import TYPE_CHECKING

from ottla.core.limits import MAX_DECOMPRESSED_BYTES
from ottla.records.compression import decompress
from ottla.records.errors import CorruptRecordError

if TYPE_CHECKING:
    from ottla.records.batch import Batch

Span = tuple[int, int, int, int, bytes | None, bool]
"""Start and end in the body, timestamp delta, offset delta, key, whether there is a value."""


def records_body(batch: "Batch", max_decompressed_bytes: int = MAX_DECOMPRESSED_BYTES) -> bytes:
    """The batch's records, decompressed. One that compaction emptied has none, whatever its codec."""
    if batch.records_count < 0:
        raise CorruptRecordError(f"batch announces {batch.records_count} records")
    if batch.batch_length == 49 and not batch.records_count:
        return b""
    return decompress(batch.codec, batch.payload, max_decompressed_bytes)
