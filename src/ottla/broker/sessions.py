"""Fetch sessions (KIP-227): the broker remembers which partitions a consumer reads, so that each fetch names only
what changed and each reply holds only what is new.

A session is opened by epoch 0, continued by the epochs 1, 2, … and closed by epoch -1. The cache is bounded by
`max.incremental.fetch.session.cache.slots`; when it is full, the session that was idle longest makes room if it was
idle for two minutes, or if the newcomer is larger; else the newcomer is served without a session (id 0). A session
that has given up its last partition is closed.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from ottla.core.errors import ErrorCode
from ottla.core.limits import FETCH_SESSION_IDLE_SECONDS, MAX_SESSION_EPOCH
from ottla.wire.messages.fetch import PartitionData

FINAL_EPOCH = -1
INITIAL_EPOCH = 0
NO_SESSION = 0

Key = tuple[str | bytes, int]
"""A topic's name (before version 13) or id, and the partition index."""


@dataclass(slots=True)
class Wanted:
    """What a consumer wants of one partition, and what it was told last."""

    topic: str | bytes
    index: int
    fetch_offset: int
    max_bytes: int
    current_leader_epoch: int
    last_fetched_epoch: int
    log_start_offset: int
    told_high_watermark: int = -1
    told_log_start_offset: int = -1

    @property
    def key(self) -> Key:
        return (self.topic, self.index)

    def update(self, newer: "Wanted") -> None:
        """Take over what a later request of the session says about this partition."""
        self.fetch_offset = newer.fetch_offset
        self.max_bytes = newer.max_bytes
        self.current_leader_epoch = newer.current_leader_epoch
        self.last_fetched_epoch = newer.last_fetched_epoch
        self.log_start_offset = newer.log_start_offset

    def is_news(self, data: PartitionData) -> bool:
        """Whether an incremental reply must hold this: records, an error, or a mark that moved."""
        news = bool(
            data.records
            or data.error_code
            or data.high_watermark != self.told_high_watermark
            or data.log_start_offset != self.told_log_start_offset
            or data.preferred_read_replica != -1
            or data.diverging_epoch.epoch != -1
        )
        self.told_high_watermark = data.high_watermark
        self.told_log_start_offset = data.log_start_offset
        return news


@dataclass(slots=True)
class Session:
    """One consumer's partitions in the order in which they are served; `epoch` is the one expected next."""

    session_id: int
    uses_topic_ids: bool
    last_used: float
    epoch: int = 1
    partitions: dict[Key, Wanted] = field(default_factory=dict)

    def change(self, wanted: Iterable[Wanted], forgotten: Iterable[Key]) -> None:
        """Apply one incremental request: partitions added or moved, and partitions given up."""
        for each in wanted:
            known = self.partitions.get(each.key)
            if known is None:
                self.partitions[each.key] = each
            else:
                known.update(each)
        for key in forgotten:
            self.partitions.pop(key, None)

    def served(self, key: Key) -> None:
        """A partition that gave data goes to the end, so that all have their turn."""
        self.partitions[key] = self.partitions.pop(key)

    def next_epoch(self) -> None:
        self.epoch = 1 if self.epoch >= MAX_SESSION_EPOCH else self.epoch + 1


class FetchSessions:
    """All sessions of one broker."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.evictions = 0
        self._sessions: dict[int, Session] = {}  # least recently used first

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, wanted: Iterable[Wanted], now: float, *, uses_topic_ids: bool) -> Session | None:
        """A new session over `wanted`, or None when the cache has no room."""
        partitions = {each.key: each for each in wanted}
        if not self._make_room(len(partitions), now):
            return None
        session_id = self._unused_id()
        session = Session(session_id, uses_topic_ids, now, partitions=partitions)
        self._sessions[session_id] = session
        return session

    def _unused_id(self) -> int:
        """Not guessable, so that one client cannot stumble into another's session."""
        while (session_id := secrets.randbelow(2**31 - 1) + 1) in self._sessions:
            pass
        return session_id

    def _make_room(self, size: int, now: float) -> bool:
        if len(self._sessions) < self.slots:
            return True
        oldest = next(iter(self._sessions.values()), None)
        if oldest is None:
            return False
        smallest = min(self._sessions.values(), key=lambda session: len(session.partitions))
        idle = now - oldest.last_used > FETCH_SESSION_IDLE_SECONDS
        victim = oldest if idle else smallest
        if not idle and len(victim.partitions) >= size:
            return False
        self.close(victim.session_id)
        self.evictions += 1
        return True

    def resume(self, session_id: int, epoch: int, now: float, *, uses_topic_ids: bool) -> Session | ErrorCode:
        """The session that an incremental request goes on with, or why it cannot."""
        session = self._sessions.get(session_id)
        if session is None:
            return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
        if session.epoch != epoch:
            return ErrorCode.INVALID_FETCH_SESSION_EPOCH
        if session.uses_topic_ids != uses_topic_ids:
            return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
        session.next_epoch()
        session.last_used = now
        self._sessions[session_id] = self._sessions.pop(session_id)
        return session

    def close(self, session_id: int) -> None:
        """Forget a session; one that is not there is no error."""
        self._sessions.pop(session_id, None)

    def partition_count(self) -> int:
        """Partitions over all sessions, for the metrics."""
        return sum(len(session.partitions) for session in self._sessions.values())
