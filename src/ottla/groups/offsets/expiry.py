"""Offsets that nobody needs any more (`offsets.retention.minutes`).

How long ago an offset was last needed depends on its group:

- a group that only commits offsets: since the commit;
- a classic group of consumers without members: since it lost the last one (the commit, if that is not known);
- one with a stable assignment, and a KIP-848 group: since the commit, for topics that nobody subscribes to
  any more;
- any other group: it needs all of them.

A client of a version before 5 may have given an offset an expiry of its own.
"""

from ottla.groups.classic.states import State
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer_protocol import PROTOCOL_TYPE
from ottla.groups.decision import GroupDecision
from ottla.groups.offsets.store import OffsetStore
from ottla.groups.records.codec import GroupRecord
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.groups.state import Group, GroupState, end_of_group

EXPIRED_AT_ONCE = 1_000
"""Tombstones after which the rest is left for another batch."""


def expire(state: GroupState, now_ms: int, retention_ms: int, out: GroupDecision) -> bool:
    """Tombstones for all that has expired, and for empty groups without offsets. False when there is more to do."""
    for group in state.groups.values():
        if len(out.records) >= EXPIRED_AT_ONCE:
            return False
        gone = expired(state.offsets, group, now_ms, retention_ms)
        out.records += gone
        unused = len(gone) == state.offsets.count(group.group_id) and not state.offsets.has_pending(
            group.group_id
        )
        if group.state == State.EMPTY and unused:
            out.records += end_of_group(group)
    return True


def expired(store: OffsetStore, group: Group, now_ms: int, retention_ms: int) -> list[GroupRecord]:
    """Tombstones for the offsets of `group` that have expired. One that a transaction may still change has not."""
    return [
        GroupRecord(key, None)
        for key, value in store.of_group(group.group_id)
        if not store.is_pending(group.group_id, key.topic, key.partition)
        and _has_expired(group, key, value, now_ms, retention_ms)
    ]


def _has_expired(
    group: Group, key: OffsetCommitKey, value: OffsetCommitValue, now_ms: int, retention_ms: int
) -> bool:
    since_ms = _unneeded_since(group, key, value)
    if since_ms is None:
        return False
    if value.expire_timestamp != -1:
        return now_ms >= value.expire_timestamp
    return now_ms - since_ms >= retention_ms


def _unneeded_since(group: Group, key: OffsetCommitKey, value: OffsetCommitValue) -> int | None:
    if isinstance(group, ConsumerGroup):
        return None if group.is_subscribed_to(key.topic) else value.commit_timestamp
    if group.protocol_type is None:
        return value.commit_timestamp
    if group.state is State.EMPTY:
        return group.since_ms if group.since_ms != -1 else value.commit_timestamp
    if group.protocol_type == PROTOCOL_TYPE and group.state is State.STABLE and group.subscribed is not None:
        return None if key.topic in group.subscribed else value.commit_timestamp
    return None
