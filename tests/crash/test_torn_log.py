"""Files as a crash leaves them: cut at every byte of the tail, followed by rubbish, with indexes gone or wrong."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.log.open_files import OpenFiles
from ottla.log.system_directory import SystemDirectory
from ottla.records.compression import Codec
from tests.support.logs import NOW_MS, TOPIC_ID, batch, read_all

pytestmark = pytest.mark.crash

CONFIG = LogConfig(index_interval_bytes=300, retention_ms=-1)
BATCHES = 12
LOG = "00000000000000000000.log"
INDEX = "00000000000000000000.index"
TIME_INDEX = "00000000000000000000.timeindex"

OUTSIDE_THE_CHECKSUM = {*range(8), *range(12, 16)}
"""Base offset and leader epoch, which a broker writes; a greater offset than expected is what compaction leaves."""

Written = tuple[dict[str, bytes], list[int], list[int]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A partition's files after a clean stop, where each batch ends, and the offset after it."""
    path = tmp_path_factory.mktemp("written") / "t-0"
    log = Log.create(SystemDirectory(str(path), OpenFiles(4)), CONFIG, TOPIC_ID, NOW_MS)
    ends, offsets = [], []
    for number in range(BATCHES):
        each = batch(b"x" * number * 20, b"", timestamp=NOW_MS + number * 10, codec=Codec(number % 5))
        log.append(each, number // 4, NOW_MS)
        ends.append(log.segments.active.size)
        offsets.append(log.log_end_offset)
    log.close()
    return {file.name: file.read_bytes() for file in path.iterdir()}, ends, offsets


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[..., Log]:
    def from_files(files: dict[str, bytes], recovery_point: int | None) -> Log:
        path = tmp_path / "t-0"
        path.mkdir(exist_ok=True)
        for file in path.iterdir():
            file.unlink()
        for name, data in files.items():
            (path / name).write_bytes(data)
        directory = SystemDirectory(str(path), OpenFiles(4))
        return Log.open(directory, CONFIG, now_ms=NOW_MS, recovery_point=recovery_point)

    return from_files


def assert_usable(log: Log, end_offset: int) -> None:
    """All up to `end_offset` is there, nothing else, and the log goes on from there, also after another stop."""
    assert log.log_end_offset == end_offset
    found = read_all(log)
    assert all(each.crc_is_valid() for each in found)
    assert (found[-1].next_offset if found else 0) == end_offset
    assert len(found) == end_offset // 2
    log.append(batch(b"after"), 9, NOW_MS)
    log.close()
    again = Log.open(log.directory, CONFIG, now_ms=NOW_MS)
    assert again.log_end_offset == end_offset + 1
    assert [each.base_offset for each in read_all(again)] == [*range(0, end_offset, 2), end_offset]
    assert again.end_offset_for_epoch(9) == (9, end_offset + 1)
    found_by_time = again.latest_by_timestamp()
    assert found_by_time is not None
    assert found_by_time.timestamp == NOW_MS + max((end_offset // 2 - 1) * 10 + 1, 0)
    again.close()


def test_cut_at_every_byte_of_the_last_two_batches(written: Written, reopen: Callable[..., Log]) -> None:
    files, ends, offsets = written
    for size in range(ends[-3], ends[-1] + 1):
        whole = sum(end <= size for end in ends)
        log = reopen({**files, LOG: files[LOG][:size]}, recovery_point=offsets[3])
        assert log.recovered_bytes_cut == size - ends[whole - 1]
        assert_usable(log, offsets[whole - 1])


def test_one_wrong_byte_anywhere_after_the_recovery_point(
    written: Written, reopen: Callable[..., Log]
) -> None:
    """Whatever byte a half-finished write left wrong, the batch with it goes, and what follows."""
    files, ends, offsets = written
    recovery_point = offsets[-4]
    for position in range(ends[-4], ends[-1]):
        data = bytearray(files[LOG])
        data[position] ^= 0xFF
        broken = sum(end <= position for end in ends)
        if position - ends[broken - 1] in OUTSIDE_THE_CHECKSUM:
            continue
        log = reopen({**files, LOG: bytes(data)}, recovery_point=recovery_point)
        assert log.log_end_offset == offsets[broken - 1]
        assert log.recovered_bytes_cut == ends[-1] - ends[broken - 1]
        log.abandon()


@pytest.mark.parametrize(
    "rubbish", [bytes(5000), b"\xff" * 5000, b"\x00" * 8 + b"\x7f\xff\xff\xf0" + bytes(100), b"x"],
    ids=["zeros", "ones", "a batch of 2 GB", "one byte"],
)  # fmt: skip
@pytest.mark.parametrize("recovery_point", [0, 8, 24, None])
def test_rubbish_after_the_last_batch(
    written: Written, reopen: Callable[..., Log], rubbish: bytes, recovery_point: int | None
) -> None:
    files, _, offsets = written
    log = reopen({**files, LOG: files[LOG] + rubbish}, recovery_point=recovery_point)
    assert log.recovered_bytes_cut == len(rubbish)
    assert_usable(log, offsets[-1])


def test_the_last_batch_twice_is_no_way_to_go_on(written: Written, reopen: Callable[..., Log]) -> None:
    files, ends, offsets = written
    log = reopen({**files, LOG: files[LOG] + files[LOG][ends[-2] :]}, recovery_point=offsets[-2])
    assert_usable(log, offsets[-1])


@pytest.mark.parametrize("recovery_point", [0, 8, 24, None])
@pytest.mark.parametrize("name", [INDEX, TIME_INDEX])
def test_an_index_that_is_gone_is_built_again(
    written: Written, reopen: Callable[..., Log], name: str, recovery_point: int | None
) -> None:
    files, _, offsets = written
    rest = {each: data for each, data in files.items() if each != name}
    assert_usable(reopen(rest, recovery_point), offsets[-1])


@pytest.mark.parametrize("recovery_point", [0, 8, 24, None])
@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"\x00" * 800,
        b"x" * 13,
        struct.pack(">II", 5, 10),
        struct.pack(">IIII", 9, 900, 3, 300),
        b"\xff" * 80,
    ],
    ids=["empty", "zeros", "no whole entries", "no batch there", "descending", "after the end"],
)
def test_an_index_that_is_wrong_is_built_again(
    written: Written, reopen: Callable[..., Log], index: bytes, recovery_point: int | None
) -> None:
    files, _, offsets = written
    assert_usable(reopen({**files, INDEX: index}, recovery_point), offsets[-1])


@pytest.mark.parametrize("text", [b"", b"0\n5\n0 0\n", b"nonsense", b"0\n2\n0 0\n7 3\n", b"\xff\xfe"])
def test_epochs_come_from_the_batches_where_the_file_is_no_good(
    written: Written, reopen: Callable[..., Log], text: bytes
) -> None:
    files, _, offsets = written
    log = reopen({**files, "leader-epoch-checkpoint": text}, recovery_point=0)
    assert_usable(log, offsets[-1])


def test_epochs_are_those_that_were_appended(written: Written, reopen: Callable[..., Log]) -> None:
    files, _, _ = written
    without = {name: data for name, data in files.items() if name != "leader-epoch-checkpoint"}
    assert reopen(without, 0).epochs == reopen(files, None).epochs == ((0, 0), (1, 8), (2, 16))


def test_files_that_a_crash_left_on_their_way(written: Written, reopen: Callable[..., Log]) -> None:
    """Deleted and half-cleaned ones go, a finished swap is completed, an index without a log goes."""
    files, _, offsets = written
    leftovers = {
        "00000000000000000000.log.deleted": b"old",
        "00000000000000000000.index.deleted": b"old",
        "00000000000000000003.log.cleaned": b"half",
        "00000000000000000099.index": b"12345678",
    }
    log = reopen({**files, **leftovers}, recovery_point=None)
    assert sorted(log.directory.names()) == sorted(files)
    assert_usable(log, offsets[-1])


def test_a_finished_swap_replaces_what_it_was_made_from(written: Written, reopen: Callable[..., Log]) -> None:
    files, ends, offsets = written
    swapped = {name + ".swap": data for name, data in files.items() if name in (LOG, INDEX, TIME_INDEX)}
    old = dict.fromkeys(
        (INDEX, TIME_INDEX, LOG, "00000000000000000005.log", "00000000000000000005.index"), b"old"
    )
    log = reopen(
        {**old, **swapped, "leader-epoch-checkpoint": files["leader-epoch-checkpoint"]}, recovery_point=None
    )
    assert len(log.segments) == 1
    assert log.segments.active.size == ends[-1]
    assert_usable(log, offsets[-1])
