"""The SQL side of the embedded metadata store: blocking, used on one thread only."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

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
    StoreDamagedError,
    StoreError,
    StoreLockedError,
    Write,
    prefix_end,
)

APPLICATION_ID = 0x4F54544C
"""«OTTL» in SQLite's header, so that no other program's file is taken for ours."""

FORMAT_VERSION = 1
"""`user_version` in SQLite's header; a higher one was written by a newer Ottla."""

_SCHEMA = """
    BEGIN EXCLUSIVE;
    CREATE TABLE versions (
        key BLOB NOT NULL, revision INTEGER NOT NULL, value BLOB, lease INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (key, revision)
    ) WITHOUT ROWID;
    CREATE INDEX versions_by_revision ON versions (revision);
    CREATE TABLE head (revision INTEGER NOT NULL, oldest INTEGER NOT NULL);
    INSERT INTO head VALUES (0, 0);
"""

_FORGET = """
    DELETE FROM versions WHERE revision <= :oldest AND (value IS NULL OR EXISTS (
        SELECT 1 FROM versions AS later
        WHERE later.key = versions.key AND later.revision > versions.revision AND later.revision <= :oldest))
"""


class SqliteFile:
    """An open file. Opening it raises StoreLockedError, StoreDamagedError."""

    def __init__(self, path: Path, history: int) -> None:
        self._path = path
        self._history = history
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            with self._errors():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def get(self, key: bytes) -> Entry | None:
        with self._errors():
            return self._get(key)

    def range(self, prefix: bytes, revision: int | None) -> Snapshot:
        with self._errors():
            at = self._revision if revision is None else revision
            if at < self._oldest:
                raise CompactedError(at, self._oldest)
            if at > self._revision:
                raise StoreError(f"revision {at} has not happened yet; the store is at {self._revision}")
            rows = self._connection.execute(
                # SQLite takes the other columns from the row that holds the maximum
                "SELECT key, value, max(revision) FROM versions"
                " WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) AND revision <= ?3"
                " GROUP BY key HAVING value IS NOT NULL ORDER BY key",
                (prefix, prefix_end(prefix), at),
            )
            return Snapshot(at, tuple(Entry(*row) for row in rows))

    def since(self, from_revision: int) -> tuple[int, list[Committed]]:
        """The present revision, and every transaction from that revision on."""
        with self._errors():
            if from_revision <= self._oldest:
                raise CompactedError(from_revision, self._oldest + 1)
            rows = self._connection.execute(
                "SELECT revision, key, value FROM versions WHERE revision >= ? ORDER BY revision, key",
                (from_revision,),
            )
            return self._revision, [
                Committed(revision, tuple(Change(key, value) for _, key, value in group))
                for revision, group in groupby(rows, lambda row: row[0])
            ]

    def transact(self, writes: Sequence[Write], expects: Sequence[Expect]) -> Committed:
        def work() -> Committed:
            for expect in expects:
                entry = self._get(expect.key)
                actual = entry.revision if entry else 0
                if actual != expect.revision:
                    raise ConflictError(expect.key, expect.revision, actual)
            return self._write(writes)

        return self._in_transaction(work)

    def drop_leased(self, lease: int | None) -> Committed:
        """Delete the keys under this lease; under any lease when it is None."""

        def work() -> Committed:
            rows = self._connection.execute(
                "SELECT key FROM (SELECT key, lease, max(revision) FROM versions GROUP BY key)"
                " WHERE lease = ?1 OR (?1 IS NULL AND lease <> 0) ORDER BY key",
                (lease,),
            )
            return self._write([Delete(key) for (key,) in rows.fetchall()])

        return self._in_transaction(work)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of both."""
        self._connection.close()

    def _prepare(self) -> None:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute("BEGIN EXCLUSIVE")
        self._connection.execute("COMMIT")
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if not tables and not application:
            self._connection.executescript(_SCHEMA)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            self._connection.execute("COMMIT")
        else:
            self._check_format(application, version)
        self._revision, self._oldest = self._connection.execute(
            "SELECT revision, oldest FROM head"
        ).fetchone()
        self.drop_leased(None)

    def _check_format(self, application: int, version: int) -> None:
        if application != APPLICATION_ID:
            raise StoreDamagedError(f"{self._path} is an SQLite file, but not Ottla's metadata; move it away")
        if version != FORMAT_VERSION:
            raise StoreDamagedError(
                f"{self._path} has format {version}; this Ottla reads {FORMAT_VERSION}: start a newer one"
            )
        problem = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(problem)

    def _get(self, key: bytes) -> Entry | None:
        row = self._connection.execute(
            "SELECT key, value, revision FROM versions WHERE key = ? ORDER BY revision DESC LIMIT 1", (key,)
        ).fetchone()
        return None if row is None or row[1] is None else Entry(*row)

    def _in_transaction(self, work: Callable[[], Committed]) -> Committed:
        before = self._revision, self._oldest
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                committed = work()
                self._connection.execute("COMMIT")
            except BaseException:
                self._revision, self._oldest = before
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return committed

    def _write(self, writes: Sequence[Write]) -> Committed:
        revision = self._revision + 1
        ordered = sorted(writes, key=lambda write: write.key)
        effective = [write for write in ordered if isinstance(write, Put) or self._get(write.key)]
        if not effective:
            return Committed(self._revision, ())
        self._connection.executemany(
            "INSERT INTO versions (key, revision, value, lease) VALUES (?, ?, ?, ?)",
            [
                (write.key, revision, write.value, write.lease)
                if isinstance(write, Put)
                else (write.key, revision, None, 0)
                for write in effective
            ],
        )
        self._revision = revision
        if revision - self._oldest > 2 * self._history:
            self._oldest = revision - self._history
            self._connection.execute(_FORGET, {"oldest": self._oldest})
        self._connection.execute("UPDATE head SET revision = ?, oldest = ?", (self._revision, self._oldest))
        changes = (Change(write.key, write.value if isinstance(write, Put) else None) for write in effective)
        return Committed(revision, tuple(changes))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as ours, naming the file and what may help."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                text = (
                    f"{self._path} is in use by another process: stop that one, or use another data directory"
                )
                raise StoreLockedError(text) from error
            raise StoreError(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            text = f"{self._path} is damaged ({error}): restore it from a copy; the records are untouched"
            raise StoreDamagedError(text) from error
