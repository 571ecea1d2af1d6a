"""A metadata store in memory: for tests, and as the model that the others are compared with."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ottla.cluster.leases import Leases
from ottla.cluster.store import (
    Change,
    Committed,
    CompactedError,
    ConflictError,
    Delete,
    Entry,
    Expect,
    Put,
    Snapshot,
    StoreError,
    Write,
    check_transaction,
)
from ottla.cluster.watches import Watches, only_under


@dataclass(frozen=True, slots=True)
class _Version:
    revision: int
    value: bytes | None
    lease: int


class MemoryStore:
    """Keeps everything in dictionaries; `history` revisions can be read back and watched from."""

    def __init__(self, history: int = 1000) -> None:
        self._versions: dict[bytes, list[_Version]] = {}
        self._committed: list[Committed] = []
        self._revision = 0
        self._oldest = 0
        self._history = history
        self._watches = Watches()
        self._leases = Leases(self._drop_leased)

    async def get(self, key: bytes) -> Entry | None:
        self._check_open()
        return self._at(key, self._revision)

    async def range(self, prefix: bytes, revision: int | None = None) -> Snapshot:
        self._check_open()
        at = self._revision if revision is None else revision
        self._check_kept(at)
        keys = sorted(key for key in self._versions if key.startswith(prefix))
        entries = (self._at(key, at) for key in keys)
        return Snapshot(at, tuple(entry for entry in entries if entry is not None))

    async def transact(self, writes: Sequence[Write], expects: Sequence[Expect] = ()) -> int:
        self._check_open()
        check_transaction(writes)
        for write in writes:
            if isinstance(write, Put):
                self._leases.check(write.lease)
        for expect in expects:
            entry = self._at(expect.key, self._revision)
            actual = entry.revision if entry else 0
            if actual != expect.revision:
                raise ConflictError(expect.key, expect.revision, actual)
        return self._commit(writes)

    async def watch(self, prefix: bytes, from_revision: int) -> AsyncGenerator[Committed, None]:
        self._check_open()
        if from_revision <= self._oldest:
            raise CompactedError(from_revision, self._oldest + 1)
        with self._watches.feed() as feed:
            for past in self._committed[from_revision - self._oldest - 1 :]:
                if changes := only_under(prefix, past):
                    yield Committed(past.revision, changes)
            while (committed := await feed.get()) is not None:
                if committed.revision >= from_revision and (changes := only_under(prefix, committed)):
                    yield Committed(committed.revision, changes)

    async def grant_lease(self, seconds: float) -> int:
        self._check_open()
        return self._leases.grant(seconds)

    async def keep_lease_alive(self, lease: int) -> None:
        self._leases.keep_alive(lease)

    async def revoke_lease(self, lease: int) -> None:
        self._leases.end(lease)
        self._drop_leased(lease)

    async def close(self) -> None:
        self._leases.close()
        self._watches.close()

    def _check_open(self) -> None:
        if self._watches.closed:
            raise StoreError("the metadata store is closed")

    def _check_kept(self, revision: int) -> None:
        if revision < self._oldest:
            raise CompactedError(revision, self._oldest)
        if revision > self._revision:
            raise StoreError(f"revision {revision} has not happened yet; the store is at {self._revision}")

    def _at(self, key: bytes, revision: int) -> Entry | None:
        for version in reversed(self._versions.get(key, ())):
            if version.revision <= revision:
                return None if version.value is None else Entry(key, version.value, version.revision)
        return None

    def _commit(self, writes: Sequence[Write]) -> int:
        revision = self._revision + 1
        changes = []
        for write in sorted(writes, key=lambda write: write.key):
            version = (
                _Version(revision, write.value, write.lease)
                if isinstance(write, Put)
                else _Version(revision, None, 0)
            )
            if version.value is None and self._at(write.key, self._revision) is None:
                continue
            self._versions.setdefault(write.key, []).append(version)
            changes.append(Change(write.key, version.value))
        if changes:
            self._revision = revision
            committed = Committed(revision, tuple(changes))
            self._committed.append(committed)
            self._forget_old_history()
            self._watches.publish(committed)
        return self._revision

    def _forget_old_history(self) -> None:
        if self._revision - self._oldest <= 2 * self._history:
            return
        oldest = self._revision - self._history
        del self._committed[: oldest - self._oldest]
        self._oldest = oldest
        for key in list(self._versions):
            base = self._at(key, oldest)
            later = [version for version in self._versions[key] if version.revision > oldest]
            kept = [
                version for version in self._versions[key] if base and version.revision == base.revision
            ] + later
            if kept:
                self._versions[key] = kept
            else:
                del self._versions[key]

    def _drop_leased(self, lease: int) -> None:
        leased = [key for key, versions in self._versions.items() if versions[-1].lease == lease]
        self._commit([Delete(key) for key in sorted(leased)])
