"""The disk that forgets: what survives what."""

from random import Random

import pytest

from ottla.testing.directory import SECTOR_BYTES, Disk, MemoryDirectory


@pytest.fixture
def disk() -> Disk:
    made = Disk()
    made.directory().make()
    made.directory().sync_entry()
    return made


def survivors(disk: Disk, count: int = 200) -> list[MemoryDirectory]:
    return [disk.crashed(Random(seed)).directory() for seed in range(count)]


def test_kill_9_loses_nothing(disk: Disk) -> None:
    disk.directory().put("f", b"data")
    assert disk.killed().directory().read("f") == b"data"


def test_a_name_survives_a_power_cut_only_once_its_directory_is_synced(disk: Disk) -> None:
    file = disk.directory().file("f")
    file.create()
    file.write([b"data"], 0)
    file.hold().sync()
    assert {after.exists("f") for after in survivors(disk)} == {True, False}
    disk.directory().sync()
    assert {after.read("f") for after in survivors(disk)} == {b"data"}


def test_bytes_survive_a_power_cut_only_once_the_file_is_synced(disk: Disk) -> None:
    disk.directory().put("f", b"old" * 400)
    disk.directory().sync_file("f")
    disk.directory().sync()
    disk.directory().patch("f", b"new" * 400, 0)
    found = {after.read("f") for after in survivors(disk)}
    assert b"old" * 400 in found
    assert b"new" * 400 in found
    torn = (b"new" * 400)[:SECTOR_BYTES] + (b"old" * 400)[SECTOR_BYTES:]
    assert torn in found
    disk.directory().sync_file("f")
    assert {after.read("f") for after in survivors(disk)} == {b"new" * 400}


def test_writes_may_arrive_out_of_order(disk: Disk) -> None:
    disk.directory().put("f", b"")
    disk.directory().sync_file("f")
    disk.directory().sync()
    for position in range(3):
        disk.directory().patch("f", b"x", position)
    assert {b"", b"x", b"\0\0x", b"x\0x", b"xxx"} <= {after.read("f") for after in survivors(disk)}


def test_a_replaced_file_is_the_old_or_the_new_one(disk: Disk) -> None:
    disk.directory().replace("f", b"old")
    disk.directory().put("f.tmp", b"new")
    disk.directory().sync_file("f.tmp")
    disk.directory().rename("f.tmp", "f")
    assert {after.read("f") for after in survivors(disk)} == {b"old", b"new"}
    disk.directory().replace("f", b"newest")
    assert {after.read("f") for after in survivors(disk)} == {b"newest"}


def test_a_full_disk_takes_what_fits_and_then_nothing(disk: Disk) -> None:
    disk.capacity_bytes = 10
    file = disk.directory().file("f")
    file.create()
    assert file.write([b"x" * 8], 0) == 8
    assert file.write([b"x" * 8], 8) == 2
    with pytest.raises(OSError, match="No space left"):
        file.write([b"x"], 10)
    assert file.write([b"y"], 0) == 1, "what is there may be written over"
    file.truncate(5)
    assert file.write([b"z"], 5) == 1
