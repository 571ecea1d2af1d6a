"""The embedded metadata store: one SQLite file in the data directory.

Write-ahead log with a full sync per transaction: one fsync makes a change durable, and a crash at any
moment leaves the last committed state. The file is held exclusively while it is open, so that a second
process is turned away. All SQL runs on one worker thread of its own: a slow disk never holds up the event
loop, and transactions are ordered by that thread. Layout: docs/formats/metadata-store.md.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ottla.cluster.leases import Leases
from ottla.cluster.sqlite_file import SqliteFile
from ottla.cluster.store import (
    Committed,
    Entry,
    Expect,
    Put,
    Snapshot,
    StoreError,
    Write,
    check_transaction,
)
from ottla.cluster.watches import Watches, only_under

FILE_NAME = "metadata.sqlite"
"""In the data directory, beside the partitions' directories. Apache Kafka looks at directories only and
ignores it.
"""

Result = TypeVar("Result")


class SqliteStore:
    """Open with `await SqliteStore.open(path)`."""

    def __init__(self, file: SqliteFile, worker: ThreadPoolExecutor) -> None:
        self._file = file
        self._worker = worker
        self._watches = Watches()
        self._leases = Leases(self._drop_leased)
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, path: Path, history: int = 1000) -> "SqliteStore":
        """Open or create the file; `history` revisions can be read back and watched from.

        Keys under a lease go: whoever held it ended with the process that had this file open before.
        Raises StoreLockedError, StoreDamagedError.
        """
        worker = ThreadPoolExecutor(1, "metadata-store")
        try:
            file = await asyncio.get_running_loop().run_in_executor(worker, SqliteFile, path, history)
        except BaseException:
            worker.shutdown(wait=False)
            raise
        return cls(file, worker)

    async def get(self, key: bytes) -> Entry | None:
        return await self._on_worker(lambda: self._file.get(key))

    async def range(self, prefix: bytes, revision: int | None = None) -> Snapshot:
        return await self._on_worker(lambda: self._file.range(prefix, revision))

    async def transact(self, writes: Sequence[Write], expects: Sequence[Expect] = ()) -> int:
        check_transaction(writes)
        for write in writes:
            if isinstance(write, Put):
                self._leases.check(write.lease)
        return await self._on_worker(lambda: self._publish(self._file.transact(writes, expects)))

    async def watch(self, prefix: bytes, from_revision: int) -> AsyncGenerator[Committed, None]:
        self._check_open()
        with self._watches.feed() as feed:
            seen, history = await self._on_worker(lambda: self._file.since(from_revision))
            for past in history:
                if changes := only_under(prefix, past):
                    yield Committed(past.revision, changes)
            seen = max(seen, from_revision - 1)
            while (committed := await feed.get()) is not None:
                if committed.revision > seen and (changes := only_under(prefix, committed)):
                    yield Committed(committed.revision, changes)

    async def grant_lease(self, seconds: float) -> int:
        self._check_open()
        return self._leases.grant(seconds)

    async def keep_lease_alive(self, lease: int) -> None:
        self._leases.keep_alive(lease)

    async def revoke_lease(self, lease: int) -> None:
        self._leases.end(lease)
        await self._on_worker(lambda: self._publish(self._file.drop_leased(lease)))

    async def close(self) -> None:
        if self._watches.closed:
            return
        self._leases.close()
        self._watches.close()
        await self._loop.run_in_executor(self._worker, self._file.close)
        self._worker.shutdown(wait=False)

    def _check_open(self) -> None:
        if self._watches.closed:
            raise StoreError("the metadata store is closed")

    async def _on_worker(self, work: Callable[[], Result]) -> Result:
        self._check_open()
        return await self._loop.run_in_executor(self._worker, work)

    def _publish(self, committed: Committed) -> int:
        """On the worker: hand what was committed to the loop before its caller hears of it. Returns the
        revision.
        """
        if committed.changes:
            self._loop.call_soon_threadsafe(self._watches.publish, committed)
        return committed.revision

    def _drop_leased(self, lease: int) -> None:
        self._worker.submit(lambda: self._publish(self._file.drop_leased(lease)))
