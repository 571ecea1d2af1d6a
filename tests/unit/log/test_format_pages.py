"""The worked examples in docs/formats say the truth."""

import re
from pathlib import Path

from tests.support.logs import NOW_MS, batch, new_log, values
from tests.support.transactions import ended, produced

from ottla.core.ids import parse_uuid
from ottla.log import checkpoint
from ottla.log.aborted import AbortedIndex, AbortedTransaction
from ottla.log.config import LogConfig
from ottla.log.index import OffsetIndex, TimeIndex
from ottla.records.batch import batches

FORMATS = Path(__file__).resolve().parents[3] / "docs" / "formats"


def dumps(page: str) -> dict[str, bytes]:
    """The hex dumps of a page, each under the last `file name` that stands alone in a line before it."""
    found: dict[str, bytearray] = {}
    name = ""
    for line in (FORMATS / page).read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"^(?:## )?`([^`]+)`(?::$|:? )", line):
            name = heading[1]
        if row := re.match(r"^[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)$", line):
            found.setdefault(name, bytearray()).extend(bytes.fromhex(row[1]))
    return {each: bytes(data) for each, data in found.items()}


def texts() -> dict[str, bytes]:
    page = (FORMATS / "checkpoints.md").read_text(encoding="utf-8")
    return {
        name: body.encode()
        for name, body in re.findall(r"^```text (\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    }


def test_the_partition_on_the_page_is_what_we_write() -> None:
    log = new_log(LogConfig(index_interval_bytes=100))
    log.append(batch(b"first", b"second"), 0, NOW_MS)
    log.append(batch(b"third", timestamp=NOW_MS + 5), 0, NOW_MS)
    log.append(batch(b"fourth", timestamp=NOW_MS + 3), 2, NOW_MS)
    log.close()
    written = {name: log.directory.read(name) for name in log.directory.names()}
    assert dumps("log-directory.md") == written
    found = list(batches(written["00000000000000000000.log"]))
    assert [values(each.buffer) for each in found] == [[b"first", b"second"], [b"third"], [b"fourth"]]
    assert [len(each.buffer) for each in found] == [0x58, 0xA2 - 0x58, 0xED - 0xA2]


def test_the_index_entries_read_as_the_page_says() -> None:
    shown = dumps("indexes.md")
    index, times = OffsetIndex(1000, 2), TimeIndex(1000, 2)
    read_index = lambda size, position: shown[".index"][position : position + size]  # noqa: E731
    read_times = lambda size, position: shown[".timeindex"][position : position + size]  # noqa: E731
    assert [index.absolute(read_index, number) for number in (0, 1)] == [(1279, 4239), (1539, 8425)]
    assert times.floor(read_times, 1_795_373_794_492) == (1_795_373_794_492, 1119)
    assert times.last(read_times) == (1_795_373_794_493, 2249)


def test_the_aborted_transactions_are_those_of_the_page() -> None:
    shown = dumps("aborted-transaction-index.md")["00000000000000000000.txnindex"]
    log = new_log()
    log.append(produced(4711, 0, 0, b"lost", is_transactional=True), 0, NOW_MS)
    log.append(produced(4712, 3, 0, b"kept", is_transactional=True), 0, NOW_MS)
    ended(log, 4711, 1, committed=False)
    ended(log, 4712, 4, committed=True)
    log.append(produced(4711, 1, 0, b"again", b"lost", is_transactional=True), 0, NOW_MS)
    ended(log, 4711, 2, committed=False)
    log.close()
    assert log.directory.read("00000000000000000000.txnindex") == shown
    rows = [AbortedTransaction(4711, 0, 2, 1), AbortedTransaction(4711, 4, 6, 7)]
    assert list(AbortedIndex(shown)) == rows


def test_the_text_files_read_as_the_page_says_and_are_written_so() -> None:
    shown = texts()
    offsets = {("orders", 0): 2000, ("orders", 1): 17}
    assert checkpoint.parse_offsets(shown["offsets"]) == offsets
    assert checkpoint.format_offsets(offsets) == shown["offsets"]
    assert checkpoint.format_epochs([(0, 0), (2, 3)]) == shown["epochs"]
    topic_id = parse_uuid("yhvp2bvnTTWnskgBbo7H8Q")
    assert checkpoint.format_partition_metadata(topic_id) == shown["partition"].rstrip(b"\n")
    meta = checkpoint.parse_meta_properties(shown["meta"])
    assert (meta.node_id, meta.cluster_id) == (1, "MkU3OEVBNTcwNTJENDM2Qg")
    assert checkpoint.format_meta_properties(meta) == shown["meta"]
