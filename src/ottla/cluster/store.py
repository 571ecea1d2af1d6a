"""The `MetadataStore`: where the cluster's metadata lives, in order.

A store holds byte keys with byte values. Every transaction that changes something gets the next revision
(1, 2, …); the state at any kept revision can be read again, and everything that happened since a revision
can be watched. It is the part of etcd's model that the cluster needs, so that one interface serves one
process (SQLite), tests (memory) and clusters (etcd). All implementations pass the same tests.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A key as it stood at some revision. `revision` is the one that wrote this value."""

    key: bytes
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Entries in key order, all as of `revision`. To go on from here, watch from `revision + 1`."""

    revision: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value. With a lease, the key is deleted when that lease ends; 0 means it stays."""

    key: bytes
    value: bytes
    lease: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key. Removing one that is absent changes nothing."""

    key: bytes


Write = Put | Delete


@dataclass(frozen=True, slots=True)
class Expect:
    """A condition of a transaction: the key was last written by exactly this revision; 0 means it is
    absent.
    """

    key: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction did to one key; no value means that the key was removed."""

    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Committed:
    """What the transaction with this revision changed, in key order (under the watched prefix, when
    watched).
    """

    revision: int
    changes: tuple[Change, ...]


class StoreError(Exception):
    """The store cannot do what it was asked; the text says why and what may help."""


class StoreLockedError(StoreError):
    """Another process holds this store."""


class StoreDamagedError(StoreError):
    """The store's bytes are not what this program writes."""


class ConflictError(StoreError):
    """A transaction's condition did not hold; nothing was written."""

    def __init__(self, key: bytes, expected: int, actual: int) -> None:
        super().__init__(f"{key!r} is at revision {actual}, not at {expected}")
        self.key = key
        self.expected = expected
        self.actual = actual


class CompactedError(StoreError):
    """The revision is older than the history that is kept: read the present state and go on from there."""

    def __init__(self, revision: int, oldest: int) -> None:
        super().__init__(f"revision {revision} is no longer kept; the oldest is {oldest}")
        self.revision = revision
        self.oldest = oldest


class LeaseNotFoundError(StoreError):
    """The lease has ended, or never was."""

    def __init__(self, lease: int) -> None:
        super().__init__(f"lease {lease} has ended")
        self.lease = lease


class MetadataStore(Protocol):
    """One ordered map of byte keys. Every method may raise StoreError."""

    async def get(self, key: bytes) -> Entry | None:
        """The key's present entry; None when it is absent."""
        ...

    async def range(self, prefix: bytes, revision: int | None = None) -> Snapshot:
        """All keys with the prefix, now or as they stood at a past revision (CompactedError when too old)."""
        ...

    async def transact(self, writes: Sequence[Write], expects: Sequence[Expect] = ()) -> int:
        """Apply all writes at once, durably, if every expectation holds; returns the store's revision after
        it.

        Each key may be written once. When nothing changes (no writes, or only deletes of absent keys), the
        revision stays as it is. Raises ConflictError, LeaseNotFoundError.
        """
        ...

    def watch(self, prefix: bytes, from_revision: int) -> AsyncGenerator[Committed, None]:
        """Every transaction from that revision on that touches the prefix, in order, without gaps, without
        end.

        Ends when the store is closed; `aclose()` it when you have seen enough. Raises CompactedError.
        """
        ...

    async def grant_lease(self, seconds: float) -> int:
        """A new lease that lives that long unless kept alive; its keys are deleted when it ends."""
        ...

    async def keep_lease_alive(self, lease: int) -> None:
        """Start the lease's time again. Raises LeaseNotFoundError."""
        ...

    async def revoke_lease(self, lease: int) -> None:
        """End the lease now: its keys are gone when this returns. Raises LeaseNotFoundError."""
        ...

    async def close(self) -> None:
        """Let go of everything held; watches end. The second call does nothing."""
        ...


def prefix_end(prefix: bytes) -> bytes | None:
    """The first key after all keys with this prefix; None when there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def check_transaction(writes: Sequence[Write]) -> None:
    """Raises ValueError when a key is written twice: what that should mean is not defined."""
    keys = {write.key for write in writes}
    if len(keys) != len(writes):
        raise ValueError("a transaction may write each key once")
