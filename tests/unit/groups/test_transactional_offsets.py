"""TxnOffsetCommit: who may commit offsets in a transaction, and when they count (KIP-98, KIP-447)."""

from typing import Any

import pytest
from tests.support.group_questions import OurTalker, beat_request, commit, stable

from ottla.core.errors import ErrorCode
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)

PRODUCER = 4_000


@pytest.fixture
def talker() -> OurTalker:
    return OurTalker()


def commit_in_transaction(talker: OurTalker, offset: int = 9, **changes: Any) -> int:
    """The one partition's code."""
    partition = TxnOffsetCommitRequestPartition(
        partition_index=0,
        committed_offset=offset,
        committed_metadata=changes.pop("metadata", ""),
    )
    request = TxnOffsetCommitRequest(
        transactional_id="t",
        group_id=changes.pop("group_id", "g"),
        producer_id=changes.pop("producer_id", PRODUCER),
        producer_epoch=0,
        topics=[TxnOffsetCommitRequestTopic(name="a", partitions=[partition])],
        **changes,
    )
    return int(talker.ask(request, 4).topics[0].partitions[0].error_code)


def offset(talker: OurTalker, *, require_stable: bool = False) -> tuple[int, int]:
    topics = [OffsetFetchRequestTopics(name="a", topic_id=talker.topic_id, partition_indexes=[0])]
    groups = [OffsetFetchRequestGroup(group_id="g", topics=topics)]
    response = talker.ask(OffsetFetchRequest(groups=groups, require_stable=require_stable), 10)
    (partition,) = response.groups[0].topics[0].partitions
    return partition.committed_offset, partition.error_code


def test_offsets_count_once_the_marker_is_there(talker: OurTalker) -> None:
    commit(talker, "g")
    assert commit_in_transaction(talker) == 0
    assert offset(talker) == (7, 0)
    assert offset(talker, require_stable=True) == (-1, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    talker.shell.end_transaction(PRODUCER, committed=True)
    assert offset(talker, require_stable=True) == (9, 0)


def test_an_aborted_transactions_offsets_never_do(talker: OurTalker) -> None:
    commit(talker, "g")
    assert commit_in_transaction(talker) == 0
    talker.shell.end_transaction(PRODUCER, committed=False)
    assert offset(talker, require_stable=True) == (7, 0)


def test_what_is_deleted_does_not_come_back_with_the_commit(talker: OurTalker) -> None:
    commit(talker, "g", partition_index=1)
    assert commit_in_transaction(talker) == 0
    topics = [
        OffsetDeleteRequestTopic(name="a", partitions=[OffsetDeleteRequestPartition(partition_index=0)])
    ]
    assert talker.ask(OffsetDeleteRequest(group_id="g", topics=topics), 0).error_code == 0
    talker.shell.end_transaction(PRODUCER, committed=True)
    assert offset(talker, require_stable=True) == (-1, 0)


def test_a_restart_between_commit_and_marker_changes_nothing(talker: OurTalker) -> None:
    assert commit_in_transaction(talker) == 0
    talker.shell.restart()
    assert offset(talker, require_stable=True) == (-1, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    talker.shell.end_transaction(PRODUCER, committed=True)
    talker.shell.restart()
    assert offset(talker, require_stable=True) == (9, 0)


def test_metadata_that_is_too_long_costs_its_partition(talker: OurTalker) -> None:
    assert commit_in_transaction(talker, metadata="x" * 4_097) == ErrorCode.OFFSET_METADATA_TOO_LARGE
    assert offset(talker, require_stable=True) == (-1, 0)


def test_a_group_has_an_id(talker: OurTalker) -> None:
    assert commit_in_transaction(talker, group_id="") == ErrorCode.INVALID_GROUP_ID


def test_nobody_is_in_a_generation_of_a_group_that_does_not_exist(talker: OurTalker) -> None:
    assert commit_in_transaction(talker, generation_id=3, member_id="m") == ErrorCode.ILLEGAL_GENERATION


def test_a_classic_groups_members_are_fenced_by_their_generation(talker: OurTalker) -> None:
    member_id, generation_id = stable(talker, "g")
    member = {"member_id": member_id, "generation_id": generation_id}
    assert commit_in_transaction(talker, **member) == 0
    stale = member | {"generation_id": generation_id - 1}
    assert commit_in_transaction(talker, **stale) == ErrorCode.ILLEGAL_GENERATION
    assert commit_in_transaction(talker, **(member | {"member_id": "x"})) == ErrorCode.UNKNOWN_MEMBER_ID
    unknown_instance = member | {"group_instance_id": "i"}
    assert commit_in_transaction(talker, **unknown_instance) == ErrorCode.UNKNOWN_MEMBER_ID


def test_another_with_the_same_instance_id_fences(talker: OurTalker) -> None:
    member_id, generation_id = stable(talker, "g", group_instance_id="i")
    member = {"member_id": member_id, "generation_id": generation_id, "group_instance_id": "i"}
    assert commit_in_transaction(talker, **member) == 0
    assert commit_in_transaction(talker, **(member | {"member_id": "x"})) == ErrorCode.FENCED_INSTANCE_ID


def test_a_producer_that_names_no_member_may_commit(talker: OurTalker) -> None:
    """Producers from before KIP-447, and those whose consumer assigns itself."""
    stable(talker, "g")
    assert commit_in_transaction(talker) == 0


def test_a_consumer_groups_members_are_fenced_by_their_epoch(talker: OurTalker) -> None:
    joined = talker.ask(beat_request("g", "m"), 1)
    member = {"member_id": "m", "generation_id": joined.member_epoch}
    assert commit_in_transaction(talker, **member) == 0
    stale = member | {"generation_id": joined.member_epoch - 1}
    assert commit_in_transaction(talker, **stale) == ErrorCode.ILLEGAL_GENERATION
    assert commit_in_transaction(talker, **(member | {"member_id": "x"})) == ErrorCode.UNKNOWN_MEMBER_ID
    assert commit_in_transaction(talker) == 0
