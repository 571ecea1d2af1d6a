"""The SQLite store does what the store in memory does, whatever is asked of the two."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.cluster.memory import MemoryStore
from ottla.cluster.sqlite import SqliteStore
from ottla.cluster.store import Committed, Delete, Expect, MetadataStore, Put, StoreError

HISTORY = 3
keys = st.sampled_from([b"a", b"a/", b"a/1", b"b", b"\xff"])
prefixes = st.sampled_from([b"", b"a", b"a/", b"\xff"])
revisions = st.integers(0, 15)
writes = st.lists(
    st.builds(Put, keys, st.binary(max_size=2)) | st.builds(Delete, keys),
    max_size=3,
    unique_by=lambda one: one.key,
)
operations = st.one_of(
    st.tuples(st.just("transact"), writes, st.lists(st.builds(Expect, keys, revisions), max_size=1)),
    st.tuples(st.just("transact"), writes, st.just([])),
    st.tuples(st.just("get"), keys),
    st.tuples(st.just("range"), prefixes, st.none() | revisions),
    st.tuples(st.just("watch"), prefixes, revisions),
    st.tuples(st.just("reopen")),
)


async def outcome(store: MetadataStore, name: str, *arguments: Any) -> Any:
    """What the store answers, or which error with which words."""
    try:
        if name == "watch":
            return await history(store, *arguments)
        return await getattr(store, name)(*arguments)
    except StoreError as error:
        return type(error), str(error)


async def history(store: MetadataStore, prefix: bytes, from_revision: int) -> list[Committed]:
    """What a watch gives before it has to wait."""
    last = (await store.range(b"")).revision
    seen: list[Committed] = []
    await store.transact(
        [Put(b"a/end", b"%d" % last), Put(b"\xffend", b"%d" % last)]
    )  # seen with every prefix
    watch = store.watch(prefix, from_revision)
    try:
        while True:
            seen.append(await anext(watch))
            if seen[-1].revision > last or from_revision > last + 1:
                return seen
    finally:
        await watch.aclose()


async def compare(steps: list[tuple[Any, ...]], path: Path) -> None:
    model = MemoryStore(HISTORY)
    store = await SqliteStore.open(path, HISTORY)
    for name, *arguments in steps:
        if name == "reopen":
            await store.close()
            store = await SqliteStore.open(path, HISTORY)
        elif name == "watch" and arguments[1] > (await model.range(b"")).revision + 1:
            continue  # would wait for ever
        else:
            assert await outcome(store, name, *arguments) == await outcome(model, name, *arguments)
    assert await store.range(b"") == await model.range(b"")
    await store.close()
    await model.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(operations, max_size=25))
def test_sqlite_is_memory(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(compare(steps, Path(directory) / "metadata.sqlite"))
