"""The worked example in docs/formats/record-batch.md says the truth, and so does its table of the header."""

import re
from pathlib import Path

from ottla.records.batch import HEADER, Batch
from ottla.records.builder import BatchBuilder
from ottla.records.reader import read_records

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats" / "record-batch.md").read_text(
    encoding="utf-8"
)
EXAMPLE = bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)$", PAGE, re.MULTILINE)))


def test_the_example_decodes_to_what_the_page_says() -> None:
    batch = Batch(EXAMPLE)
    assert batch.crc_is_valid()
    assert (batch.base_offset, batch.last_offset, batch.partition_leader_epoch) == (42, 43, 3)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (4711, 0, 10)
    first, second = read_records(batch)
    assert (first.timestamp, first.key, first.value, first.headers) == (1_700_000_000_000, None, b"hello", ())
    assert (second.timestamp, second.key, second.value) == (1_700_000_000_250, b"city", b"Ottla")
    assert second.headers == (("lang", b"cs"),)


def test_the_example_is_what_the_builder_writes() -> None:
    builder = BatchBuilder(producer_id=4711, producer_epoch=0, base_sequence=10, partition_leader_epoch=3)
    builder.append(1_700_000_000_000, None, b"hello")
    builder.append(1_700_000_000_250, b"city", b"Ottla", [("lang", b"cs")])
    assert builder.build(42) == EXAMPLE


def test_every_row_under_the_example_quotes_its_bytes() -> None:
    rows = re.findall(r"^\| ([0-9a-f]{2})(?:\u2013([0-9a-f]{2}))? \| `([0-9a-f …]+)` \|", PAGE, re.MULTILINE)
    assert len(rows) > 20
    position = 0
    for first, last, quoted in rows:
        start, end = int(first, 16), int(last or first, 16) + 1
        assert start == position, first
        position = end
        head, _, tail = quoted.partition("…")
        assert EXAMPLE[start:end].startswith(bytes.fromhex(head))
        assert EXAMPLE[start:end].endswith(bytes.fromhex(tail))
        if not tail:
            assert len(bytes.fromhex(head)) == end - start
    assert position == len(EXAMPLE)


def test_header_table_has_no_gap_and_ends_at_the_header() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    position = 0
    for offset, size in rows:
        assert int(offset) == position
        position += int(size)
    assert position == HEADER.size
