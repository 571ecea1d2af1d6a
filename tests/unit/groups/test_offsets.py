"""Committed offsets: expiry by kind of group, transactions that are still open, and what a restart keeps."""

import pytest
from tests.support.group_questions import OurTalker, beat_request, commit, commit_request, stable
from tests.support.groups import GroupShell

from ottla.core.errors import ErrorCode
from ottla.groups.config import GroupConfig
from ottla.groups.offsets.expiry import EXPIRED_AT_ONCE
from ottla.groups.offsets.store import OffsetStore
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.wire.messages.delete_groups import DeleteGroupsRequest
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)

WEEK_MS = 7 * 24 * 3_600_000
CHECK_MS = 600_000


@pytest.fixture
def talker() -> OurTalker:
    return OurTalker()


def offset(talker: OurTalker, group_id: str, *, require_stable: bool = False) -> tuple[int, int]:
    topics = [OffsetFetchRequestTopics(name="a", topic_id=talker.topic_id, partition_indexes=[0])]
    groups = [OffsetFetchRequestGroup(group_id=group_id, topics=topics)]
    response = talker.ask(OffsetFetchRequest(groups=groups, require_stable=require_stable), 10)
    (partition,) = response.groups[0].topics[0].partitions
    return partition.committed_offset, partition.error_code


def stays_until(talker: OurTalker, group_id: str, ms: int) -> None:
    """The offset is there until the first look after `ms`, and with it goes the empty group."""
    talker.shell.advance(ms - 1)
    assert offset(talker, group_id) == (7, 0)
    talker.shell.advance(CHECK_MS)
    assert offset(talker, group_id) == (-1, 0)
    assert group_id not in talker.shell.coordinator.groups
    assert group_id not in talker.shell.replayed().groups


def test_an_offset_without_members_lasts_a_week_from_its_commit(talker: OurTalker) -> None:
    commit(talker, "g")
    stays_until(talker, "g", WEEK_MS)


def test_a_groups_offsets_last_a_week_from_when_its_last_member_left(talker: OurTalker) -> None:
    member_id, generation_id = stable(talker, "g")
    commit(talker, "g", 9, generation_id, member_id)
    talker.shell.advance(10_000)  # its session ends
    stays_until(talker, "g", WEEK_MS)


def test_offsets_of_a_topic_in_use_last(talker: OurTalker) -> None:
    talker.shell = GroupShell(GroupConfig(group_consumer_session_timeout_ms=WEEK_MS), a=3)
    talker.ask(beat_request("g", "m"), 1)
    commit(talker, "g", 9, 1, "m")
    for _ in range(6):
        talker.shell.advance(WEEK_MS // 2)
        assert talker.ask(beat_request("g", "m", 1), 1).error_code == 0
    assert offset(talker, "g") == (7, 0)
    talker.ask(beat_request("g", "m", 1, subscribed_topic_names=["other"], topic_partitions=[]), 1)
    talker.shell.advance(CHECK_MS)
    assert offset(talker, "g") == (-1, 0)
    assert "g" in talker.shell.coordinator.groups


def test_an_old_client_may_set_an_expiry_of_its_own(talker: OurTalker) -> None:
    request = commit_request(talker, "g")
    request.retention_time_ms = 3_600_000
    talker.ask(request, 4)
    stays_until(talker, "g", 3_600_000)


def test_many_offsets_expire_in_several_batches(talker: OurTalker) -> None:
    for number in range(EXPIRED_AT_ONCE + 10):
        commit(talker, f"g{number}")
    sizes: list[int] = []
    append = talker.shell.append
    talker.shell.append = lambda records: (sizes.append(len(records)), append(records))[1]  # type: ignore[method-assign]
    talker.shell.now_ms += WEEK_MS
    talker.shell.advance(CHECK_MS)
    assert talker.shell.coordinator.groups == {}
    assert sum(sizes) == 2 * (EXPIRED_AT_ONCE + 10)
    assert max(sizes) <= EXPIRED_AT_ONCE + 2


def test_commits_survive_a_restart_with_their_metadata(talker: OurTalker) -> None:
    commit(talker, "g", 10, committed_metadata="wörds", committed_leader_epoch=5)
    talker.shell.restart()
    value = talker.shell.coordinator.offsets.get("g", "a", 0)
    assert value is not None
    assert (value.offset, value.leader_epoch, value.metadata, value.topic_id) == (
        7,
        5,
        "wörds",
        talker.topic_id,
    )


def test_deleting_a_group_deletes_its_offsets_in_the_log_too(talker: OurTalker) -> None:
    commit(talker, "g")
    assert talker.ask(DeleteGroupsRequest(groups_names=["g"]), 2).results[0].error_code == 0
    replayed = talker.shell.replayed()
    assert (replayed.groups, replayed.offsets.group_ids()) == ({}, set())


def test_no_partition_is_no_commit(talker: OurTalker) -> None:
    response = talker.ask(OffsetCommitRequest(group_id="g"), 9)
    assert response.topics == []
    assert "g" not in talker.shell.coordinator.groups


# Transactions: their requests come with the transaction coordinator, their offsets are kept apart already

KEY = OffsetCommitKey(group="g", topic="a", partition=0)


def value(committed: int) -> OffsetCommitValue:
    return OffsetCommitValue(offset=committed)


def test_an_open_transactions_offset_does_not_count_yet(talker: OurTalker) -> None:
    commit(talker, "g")
    store = talker.shell.coordinator.offsets
    store.apply(KEY, value(9), producer_id=1)
    assert offset(talker, "g") == (7, 0)
    assert offset(talker, "g", require_stable=True) == (-1, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    talker.shell.coordinator.end_transaction(1, committed=True)
    assert offset(talker, "g", require_stable=True) == (9, 0)


def test_an_aborted_transaction_leaves_nothing() -> None:
    store = OffsetStore()
    store.apply(KEY, value(9), producer_id=1)
    store.apply(KEY, value(11), producer_id=2)
    store.end_transaction(1, committed=False)
    assert store.is_pending("g", "a", 0)
    store.end_transaction(2, committed=False)
    assert (store.get("g", "a", 0), store.has_pending("g"), store._transactions) == (None, False, {})


def test_a_commit_after_the_transactional_one_wins() -> None:
    store = OffsetStore()
    store.apply(KEY, value(9), producer_id=1)
    store.apply(KEY, value(10))
    store.end_transaction(1, committed=True)
    assert store.get("g", "a", 0) == value(10)


def test_a_tombstone_ends_what_transactions_wanted() -> None:
    store = OffsetStore()
    store.apply(KEY, value(9), producer_id=1)
    store.apply(KEY, None)
    assert (store.has_pending("g"), store._transactions) == (False, {})
    store.end_transaction(1, committed=True)
    assert store.get("g", "a", 0) is None
