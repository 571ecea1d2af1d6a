"""What every metadata store promises, asked of each of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ottla.cluster.memory import MemoryStore
from ottla.cluster.sqlite import SqliteStore
from ottla.cluster.store import (
    Change,
    Committed,
    CompactedError,
    ConflictError,
    Delete,
    Entry,
    Expect,
    LeaseNotFoundError,
    MetadataStore,
    Put,
    StoreError,
)

HISTORY = 10


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MetadataStore]:
    made: MetadataStore
    if request.param == "memory":
        made = MemoryStore(HISTORY)
    else:
        made = await SqliteStore.open(tmp_path / "metadata.sqlite", HISTORY)
    yield made
    await made.close()


async def test_a_new_store_is_empty_at_revision_zero(store: MetadataStore) -> None:
    snapshot = await store.range(b"")
    assert (snapshot.revision, snapshot.entries) == (0, ())
    assert await store.get(b"a") is None


async def test_a_transaction_writes_all_keys_at_one_revision(store: MetadataStore) -> None:
    assert await store.transact([Put(b"b", b"2"), Put(b"a", b"1")]) == 1
    assert (await store.range(b"")).entries == (Entry(b"a", b"1", 1), Entry(b"b", b"2", 1))
    assert await store.get(b"b") == Entry(b"b", b"2", 1)


async def test_a_range_takes_exactly_the_prefix(store: MetadataStore) -> None:
    names = [b"a", b"a/", b"a/1", b"a/\xff", b"a0", b"b", b"\xff", b"\xff\xff1"]
    await store.transact([Put(name, b"") for name in names])
    assert [entry.key for entry in (await store.range(b"a/")).entries] == [b"a/", b"a/1", b"a/\xff"]
    assert [entry.key for entry in (await store.range(b"\xff")).entries] == [b"\xff", b"\xff\xff1"]
    assert [entry.key for entry in (await store.range(b"")).entries] == sorted(names)


async def test_a_past_revision_can_be_read_again(store: MetadataStore) -> None:
    await store.transact([Put(b"a", b"1")])
    await store.transact([Put(b"a", b"2"), Put(b"b", b"1")])
    await store.transact([Delete(b"a")])
    assert (await store.range(b"", 1)).entries == (Entry(b"a", b"1", 1),)
    assert (await store.range(b"", 2)).entries == (Entry(b"a", b"2", 2), Entry(b"b", b"1", 2))
    assert (await store.range(b"", 3)).entries == (Entry(b"b", b"1", 2),)
    with pytest.raises(StoreError, match="has not happened"):
        await store.range(b"", 4)


async def test_an_empty_value_is_a_value(store: MetadataStore) -> None:
    await store.transact([Put(b"a", b"")])
    assert await store.get(b"a") == Entry(b"a", b"", 1)


async def test_what_changes_nothing_takes_no_revision(store: MetadataStore) -> None:
    await store.transact([Put(b"a", b"1")])
    assert await store.transact([]) == 1
    assert await store.transact([Delete(b"nothing")]) == 1


async def test_expectations_hold_or_nothing_is_written(store: MetadataStore) -> None:
    await store.transact([Put(b"a", b"1")], [Expect(b"a", 0)])
    with pytest.raises(ConflictError) as conflict:
        await store.transact([Put(b"b", b"1")], [Expect(b"a", 0)])
    assert (conflict.value.expected, conflict.value.actual) == (0, 1)
    assert await store.get(b"b") is None
    assert await store.transact([Delete(b"a")], [Expect(b"a", 1)]) == 2
    assert await store.transact([Put(b"a", b"2")], [Expect(b"a", 0)]) == 3


async def test_of_many_writers_with_one_expectation_one_wins(store: MetadataStore) -> None:
    tries = [store.transact([Put(b"a", b"%d" % n)], [Expect(b"a", 0)]) for n in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [result for result in results if not isinstance(result, ConflictError)] == [1]


async def test_a_key_is_written_once_in_a_transaction(store: MetadataStore) -> None:
    with pytest.raises(ValueError, match="once"):
        await store.transact([Put(b"a", b"1"), Delete(b"a")])


async def take(store: MetadataStore, prefix: bytes, from_revision: int, count: int) -> list[Committed]:
    watch = store.watch(prefix, from_revision)
    try:
        return [await anext(watch) for _ in range(count)]
    finally:
        await watch.aclose()


async def test_a_watch_gives_history_and_then_what_comes(store: MetadataStore) -> None:
    for n in range(1, 4):
        await store.transact([Put(b"a", b"%d" % n), Put(b"other", b"")])
    watching = asyncio.ensure_future(take(store, b"a", 2, 4))
    await asyncio.sleep(0)
    await store.transact([Put(b"b", b"")])
    await store.transact([Put(b"a", b"5")])
    await store.transact([Delete(b"a")])
    assert await watching == [
        Committed(2, (Change(b"a", b"2"),)),
        Committed(3, (Change(b"a", b"3"),)),
        Committed(5, (Change(b"a", b"5"),)),
        Committed(6, (Change(b"a", None),)),
    ]


async def test_a_watch_may_begin_in_the_future(store: MetadataStore) -> None:
    watching = asyncio.ensure_future(take(store, b"", 3, 1))
    await asyncio.sleep(0)
    for n in range(3):
        await store.transact([Put(b"a", b"%d" % n)])
    assert await watching == [Committed(3, (Change(b"a", b"2"),))]


async def test_a_watch_misses_nothing_while_it_reads_history(store: MetadataStore) -> None:
    writers = [store.transact([Put(b"a/%d" % n, b"")]) for n in range(15)]
    watching = asyncio.ensure_future(take(store, b"a/", 1, 15))
    await asyncio.gather(*writers)
    assert [committed.revision for committed in await watching] == list(range(1, 16))


async def test_changes_of_one_transaction_come_in_key_order_live_and_from_history(
    store: MetadataStore,
) -> None:
    watching = asyncio.ensure_future(take(store, b"", 1, 1))
    await asyncio.sleep(0)
    await store.transact([Put(b"c", b""), Put(b"a", b""), Put(b"b", b"")])
    live = await watching
    assert [change.key for change in live[0].changes] == [b"a", b"b", b"c"]
    assert await take(store, b"", 1, 1) == live


async def test_old_history_is_forgotten_and_says_so(store: MetadataStore) -> None:
    await store.transact([Put(b"stays", b"1")])
    await store.transact([Put(b"goes", b"1")])
    await store.transact([Delete(b"goes")])
    for n in range(3 * HISTORY):
        await store.transact([Put(b"a", b"%d" % n)])
    with pytest.raises(CompactedError):
        await store.range(b"", 1)
    with pytest.raises(CompactedError):
        await take(store, b"", 1, 1)
    now = await store.range(b"")
    assert [(entry.key, entry.value) for entry in now.entries] == [(b"a", b"29"), (b"stays", b"1")]
    before = await store.range(b"", now.revision - HISTORY // 2)
    assert [(entry.key, entry.value) for entry in before.entries] == [(b"a", b"24"), (b"stays", b"1")]


async def test_watches_end_when_the_store_is_closed(store: MetadataStore) -> None:
    watch = store.watch(b"", 1)
    first = asyncio.ensure_future(anext(watch, None))
    await asyncio.sleep(0.01)
    await store.close()
    assert await first is None
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.get(b"a")


async def test_the_keys_of_a_lease_end_with_it(store: MetadataStore) -> None:
    lease = await store.grant_lease(60)
    await store.transact([Put(b"a", b"1", lease), Put(b"b", b"1", lease), Put(b"c", b"1")])
    await store.transact([Put(b"b", b"2")])  # no longer under the lease
    await store.revoke_lease(lease)
    assert [entry.key for entry in (await store.range(b"")).entries] == [b"b", b"c"]
    for gone in (store.keep_lease_alive(lease), store.revoke_lease(lease)):
        with pytest.raises(LeaseNotFoundError):
            await gone
    with pytest.raises(LeaseNotFoundError):
        await store.transact([Put(b"d", b"", lease)])


async def test_a_lease_that_is_not_kept_alive_ends(store: MetadataStore) -> None:
    kept, left = await store.grant_lease(60), await store.grant_lease(0.02)
    await store.transact([Put(b"kept", b"", kept), Put(b"left", b"", left)])
    await store.keep_lease_alive(kept)
    assert await take(store, b"", 2, 1) == [Committed(2, (Change(b"left", None),))]
    assert [entry.key for entry in (await store.range(b"")).entries] == [b"kept"]
