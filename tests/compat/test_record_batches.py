"""Apache Kafka's own tool reads what the builder and the rewriters make, in every codec and level."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import apache

from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker
from ottla.records.rewrite import recompressed, with_log_append_time

pytestmark = [pytest.mark.compat, pytest.mark.java]

LEVELS = {
    Codec.NONE: (None,),
    Codec.GZIP: (None, 1, 9),
    Codec.SNAPPY: (None,),
    Codec.LZ4: (None, 1, 17),
    Codec.ZSTD: (None, -5, 19),
}
RECORDS = 60
VALUE = b"a value with words that repeat, words that repeat " * 60


def batch_bytes(codec: Codec, level: int | None, base_offset: int) -> bytes:
    builder = BatchBuilder(codec, level, producer_id=7, producer_epoch=0, base_sequence=base_offset)
    for number in range(RECORDS):
        headers = [("name", b"x"), ("none", None)] if number % 2 else ()
        key = b"key %d" % number if number % 3 else None
        builder.append(1_700_000_000_000 + number % 7 * 250, key, VALUE if number % 5 else None, headers)
    return builder.build(base_offset)


def every_kind() -> Iterator[bytes]:
    offset = 0
    for codec, levels in LEVELS.items():
        for level in levels:
            built = batch_bytes(codec, level, offset)
            yield built
            stamped = with_log_append_time(
                Batch(batch_bytes(codec, level, offset + RECORDS)), 1_800_000_000_000
            )
            yield bytes(stamped)
            yield recompressed(Batch(batch_bytes(Codec.GZIP, None, offset + 2 * RECORDS)), codec, level)
            offset += 3 * RECORDS
    for control_type in ControlType:
        marker = EndTransactionMarker(control_type, coordinator_epoch=3)
        yield build_end_transaction_marker(
            marker, producer_id=7, producer_epoch=0, timestamp_ms=1_700_000_000_000, base_offset=offset
        )
        offset += 1


def test_dump_log_segments_reads_every_batch(tmp_path: Path) -> None:
    segment = tmp_path / "topic-0" / f"{0:020}.log"
    segment.parent.mkdir()
    written = list(every_kind())
    segment.write_bytes(b"".join(written))
    options = ("--deep-iteration", "--print-data-log", "--files", str(segment))
    lines = apache.run_tool("kafka.tools.DumpLogSegments", *options).decode().splitlines()
    batches = [line for line in lines if line.startswith("baseOffset:")]
    assert len(batches) == len(written)
    assert all("isvalid: true" in line for line in batches)
    records = [line for line in lines if line.startswith("| offset:")]
    data = len(written) - len(ControlType)
    assert len(records) == data * RECORDS + len(ControlType)
    assert sum(VALUE.decode() in line for line in records) == data * RECORDS * 4 // 5
    assert [line for line in lines if "endTxnMarker" in line] == records[-2:]
