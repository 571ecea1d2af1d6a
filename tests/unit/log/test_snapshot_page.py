"""The worked example in docs/formats/producer-snapshot.md says the truth."""

import re
from pathlib import Path

from ottla.log.producers import AppendedBatch
from ottla.log.snapshots import decode_snapshot, encode_snapshot

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats" / "producer-snapshot.md").read_text(
    encoding="utf-8"
)
EXAMPLE = bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)$", PAGE, re.MULTILINE)))


def test_the_example_is_what_the_page_says() -> None:
    [producer] = decode_snapshot(EXAMPLE)
    assert (producer.producer_id, producer.epoch) == (4711, 0)
    [last] = producer.batches
    assert (last.base_sequence, last.last_sequence, last.base_offset, last.last_offset) == (10, 11, 42, 43)
    assert last == AppendedBatch(11, 43, 1, 1_700_000_000_250)
    assert encode_snapshot([producer]) == EXAMPLE
