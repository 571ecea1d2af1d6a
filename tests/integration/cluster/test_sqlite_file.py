"""The SQLite store's file: kept, guarded, and refused with a reason when it is not what it should be."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ottla.cluster.sqlite import SqliteStore
from ottla.cluster.store import Entry, Put, StoreDamagedError, StoreError, StoreLockedError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metadata.sqlite"


async def test_everything_is_there_after_closing_and_opening(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.transact([Put(b"a", b"1")])
    await store.transact([Put(b"b", b"2")])
    await store.close()
    assert [file.name for file in path.parent.iterdir()] == ["metadata.sqlite"]
    store = await SqliteStore.open(path)
    assert await store.get(b"a") == Entry(b"a", b"1", 1)
    assert await store.transact([Put(b"c", b"3")]) == 3
    await store.close()


async def test_keys_under_a_lease_do_not_outlive_the_process_that_held_it(path: Path) -> None:
    store = await SqliteStore.open(path)
    lease = await store.grant_lease(60)
    await store.transact([Put(b"leased", b"", lease), Put(b"stays", b"")])
    await store.close()
    store = await SqliteStore.open(path)
    assert [entry.key for entry in (await store.range(b"")).entries] == [b"stays"]
    await store.close()


async def test_a_second_opening_is_turned_away_until_the_first_is_closed(path: Path) -> None:
    store = await SqliteStore.open(path)
    with pytest.raises(StoreLockedError, match=r"metadata\.sqlite is in use by another process"):
        await SqliteStore.open(path)
    await store.close()
    await (await SqliteStore.open(path)).close()


HOLDER = """
import asyncio, sys
from pathlib import Path
from ottla.cluster.sqlite import SqliteStore
from ottla.cluster.store import Put
async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.transact([Put(b"a", b"1")])
    print("held", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_another_process_holds_it_and_a_killed_one_leaves_what_it_wrote(path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        with pytest.raises(StoreLockedError):
            await SqliteStore.open(path)
    finally:
        holder.kill()
        holder.communicate()
    store = await SqliteStore.open(path)
    assert await store.get(b"a") == Entry(b"a", b"1", 1)
    await store.close()


async def test_a_file_that_is_not_sqlite_is_named(path: Path) -> None:
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreDamagedError, match=r"metadata\.sqlite is damaged"):
        await SqliteStore.open(path)


async def test_bytes_overwritten_in_the_middle_are_noticed_at_opening(path: Path) -> None:
    store = await SqliteStore.open(path)
    for n in range(50):
        await store.transact([Put(b"%d" % n, bytes(2000))])
    await store.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content) : 3] = b"\x5a" * len(range(4096, len(content), 3))
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError, match="damaged"):
        await SqliteStore.open(path)


async def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreDamagedError, match="not Ottla's metadata"):
        await SqliteStore.open(path)


async def test_a_newer_format_is_refused(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(StoreDamagedError, match="has format 2"):
        await SqliteStore.open(path)


async def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/metadata\.sqlite"):
        await SqliteStore.open(tmp_path / "nowhere" / "metadata.sqlite")


async def test_a_full_disk_fails_the_transaction_and_nothing_else(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.transact([Put(b"a", b"1")])
    store._file._connection.execute("PRAGMA max_page_count = 8")
    with pytest.raises(StoreError, match="full"):
        await store.transact([Put(b"big", bytes(100_000))])
    store._file._connection.execute("PRAGMA max_page_count = 1000000")
    assert (await store.range(b"")).entries == (Entry(b"a", b"1", 1),)
    assert await store.transact([Put(b"b", b"2")]) == 2
    await store.close()
