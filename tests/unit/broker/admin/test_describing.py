"""Metadata, DescribeCluster, DescribeTopicPartitions, DescribeLogDirs and DeleteRecords."""

import asyncio
from typing import Any

import pytest
from tests.support.admin import Admin, OurAdmin, new_admin

from ottla.core.errors import ErrorCode as E
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from ottla.wire.messages.describe_cluster import DescribeClusterRequest
from ottla.wire.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from ottla.wire.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    TopicRequest,
)
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic

NOT_ASKED = -(1 << 31)


async def new_topic(admin: Admin, name: str, partitions: int = 1, policy: str = "delete") -> bytes:
    topic = CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=1,
        configs=[CreatableTopicConfig(name="cleanup.policy", value=policy)],
    )
    reply = await admin.ask("CreateTopics", CreateTopicsRequest(topics=[topic], timeout_ms=10_000))
    assert reply.topics[0].error_code == 0, reply
    await admin.settle()
    return bytes(reply.topics[0].topic_id)


async def ask(
    admin: Admin, *names: str | None, ids: tuple[bytes, ...] = (), version: int = 13, create: bool = False
) -> Any:
    topics = [MetadataRequestTopic(name=name) for name in names]
    topics += [MetadataRequestTopic(topic_id=topic_id, name=None) for topic_id in ids]
    request = MetadataRequest(topics=topics, allow_auto_topic_creation=create or version < 4)
    return await admin.ask("Metadata", request, version)


def codes(reply: Any) -> dict[str | None, E]:
    return {topic.name: E(topic.error_code) for topic in reply.topics}


@pytest.mark.parametrize("version", range(14))
async def test_metadata_in_every_version(admin: Admin, version: int) -> None:
    name = f"metadata-{version}"
    topic_id = await new_topic(admin, name, 2)
    reply = await ask(admin, name, version=version)
    assert [broker.node_id for broker in reply.brokers] == [1]
    assert reply.brokers[0].host == "127.0.0.1"
    assert reply.controller_id == (1 if version >= 1 else -1)
    assert bool(reply.cluster_id) == (version >= 2)
    (topic,) = reply.topics
    assert (topic.name, topic.error_code, topic.is_internal) == (name, 0, False)
    assert topic.topic_id == (topic_id if version >= 10 else ZERO_UUID)
    assert sorted(one.partition_index for one in topic.partitions) == [0, 1]
    for partition in topic.partitions:
        assert (partition.leader_id, partition.error_code) == (1, 0)
        assert partition.leader_epoch == (0 if version >= 7 else -1)
        assert partition.replica_nodes == partition.isr_nodes == [1]
        assert partition.offline_replicas == []


async def test_all_topics_none_and_some(admin: Admin) -> None:
    await new_topic(admin, "among-all")
    everything = await admin.ask("Metadata", MetadataRequest(topics=None), 13)
    assert "among-all" in codes(everything)
    assert codes(await admin.ask("Metadata", MetadataRequest(topics=[]), 0)) == codes(everything)
    for version in (1, 4, 13):
        nothing = await admin.ask("Metadata", MetadataRequest(topics=[]), version)
        assert (nothing.topics, len(nothing.brokers)) == ([], 1)


async def test_ten_thousand_partitions_give_others_a_turn(ours: OurAdmin) -> None:
    for number in range(4):
        await new_topic(ours, f"large-{number}", 400)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    meanwhile = asyncio.ensure_future(others())
    reply = await ours.ask("Metadata", MetadataRequest(topics=None))
    meanwhile.cancel()
    assert len(reply.topics) == 4
    assert turns >= 2


async def test_topics_that_are_not_there(admin: Admin) -> None:
    reply = await ask(admin, "a b", "", "not-there", "not-there", "__consumer_offsets", "__cluster_metadata")
    assert len(reply.topics) == 5
    assert codes(reply) == {
        "a b": E.INVALID_TOPIC_EXCEPTION,
        "": E.INVALID_TOPIC_EXCEPTION,
        "not-there": E.UNKNOWN_TOPIC_OR_PARTITION,
        "__consumer_offsets": E.UNKNOWN_TOPIC_OR_PARTITION,
        "__cluster_metadata": E.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert {one.name for one in reply.topics if one.is_internal} == {"__consumer_offsets"}
    assert all(one.topic_id == ZERO_UUID and not one.partitions for one in reply.topics)


async def test_topics_by_id(admin: Admin) -> None:
    known, unknown = await new_topic(admin, "by-id"), b"z" * 16
    reply = await ask(admin, ids=(known, unknown))
    assert {(one.name, one.topic_id, one.error_code) for one in reply.topics} == {
        ("by-id", known, 0),
        (None, unknown, E.UNKNOWN_TOPIC_ID),
    }
    for version in (10, 11):
        (refused,) = (await ask(admin, ids=(known,), version=version)).topics
        assert (refused.error_code, refused.topic_id) == (E.INVALID_REQUEST, known)


async def test_a_topic_is_created_by_asking_for_it(admin: Admin) -> None:
    assert codes(await ask(admin, "wanted", create=False)) == {"wanted": E.UNKNOWN_TOPIC_OR_PARTITION}
    first = codes(await ask(admin, "wanted", "not wanted", create=True))
    assert first["not wanted"] is E.INVALID_TOPIC_EXCEPTION
    assert first["wanted"] is (E.NONE if admin.kind == "ottla" else E.UNKNOWN_TOPIC_OR_PARTITION)
    await admin.settle()
    (topic,) = (await ask(admin, "wanted", create=True)).topics
    assert (topic.error_code, len(topic.partitions)) == (0, 2)
    await ask(admin, "wanted-long-ago", version=3)
    await admin.settle()
    assert codes(await ask(admin, "wanted-long-ago")) == {"wanted-long-ago": E.NONE}


async def test_what_is_never_created_by_asking(admin: Admin) -> None:
    await ask(admin, "__cluster_metadata", create=True)
    await admin.settle()
    assert codes(await ask(admin, "__cluster_metadata")) == {
        "__cluster_metadata": E.UNKNOWN_TOPIC_OR_PARTITION
    }


async def test_creation_can_be_turned_off_and_can_fail() -> None:
    admin = await new_admin({"auto.create.topics.enable": "false"})
    assert codes(await ask(admin, "x", create=True)) == {"x": E.UNKNOWN_TOPIC_OR_PARTITION}
    admin = await new_admin({"default.replication.factor": "3"})
    assert codes(await ask(admin, "x", create=True)) == {"x": E.INVALID_REPLICATION_FACTOR}
    assert codes(await ask(admin, "__consumer_offsets", create=True)) == {
        "__consumer_offsets": E.UNKNOWN_TOPIC_OR_PARTITION
    }


async def test_operations_are_told_when_asked_for(admin: Admin) -> None:
    await new_topic(admin, "operations")
    asked = [MetadataRequestTopic(name="operations")]
    request = MetadataRequest(
        topics=asked, include_cluster_authorized_operations=True, include_topic_authorized_operations=True
    )
    reply = await admin.ask("Metadata", request, 10)
    assert (reply.cluster_authorized_operations, reply.topics[0].topic_authorized_operations) == (8096, 3576)
    reply = await admin.ask("Metadata", MetadataRequest(topics=asked), 10)
    assert reply.cluster_authorized_operations == reply.topics[0].topic_authorized_operations == NOT_ASKED


async def test_the_address_that_the_client_dialled(ours: OurAdmin) -> None:
    ours.local = ("10.0.0.7", 19092)
    (broker,) = (await ask(ours)).brokers
    assert (broker.host, broker.port) == ("10.0.0.7", 19092)


async def test_the_address_that_is_advertised() -> None:
    admin = await new_admin({"advertised.listeners": "PLAINTEXT://kafka.example:1234", "broker.rack": "r1"})
    (broker,) = (await ask(admin)).brokers
    assert (broker.host, broker.port, broker.rack) == ("kafka.example", 1234, "r1")


# DescribeCluster.


async def test_the_cluster(admin: Admin) -> None:
    for version in (0, 1, 2):
        reply = await admin.ask("DescribeCluster", DescribeClusterRequest(), version)
        assert (reply.error_code, reply.endpoint_type, reply.controller_id) == (0, 1, 1)
        assert [(one.broker_id, one.host, one.is_fenced) for one in reply.brokers] == [
            (1, "127.0.0.1", False)
        ]
        assert reply.cluster_id
        assert reply.cluster_authorized_operations == NOT_ASKED
    request = DescribeClusterRequest(include_cluster_authorized_operations=True, include_fenced_brokers=True)
    assert (await admin.ask("DescribeCluster", request)).cluster_authorized_operations == 8096


@pytest.mark.parametrize(("kind", "code"), [(0, 115), (2, 114), (3, 115)])
async def test_endpoints_that_are_not_brokers(admin: Admin, kind: int, code: int) -> None:
    reply = await admin.ask("DescribeCluster", DescribeClusterRequest(endpoint_type=kind))
    assert (reply.error_code, reply.brokers, reply.cluster_id) == (code, [], "")
    assert reply.error_message


# DescribeTopicPartitions.


async def page(
    admin: Admin, *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None
) -> tuple[list[tuple[str, E, list[int]]], tuple[str, int] | None]:
    request = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=name) for name in names],
        response_partition_limit=limit,
        cursor=cursor and Cursor(topic_name=cursor[0], partition_index=cursor[1]),
    )
    reply = await admin.ask("DescribeTopicPartitions", request)
    topics = [
        (one.name, E(one.error_code), [each.partition_index for each in one.partitions])
        for one in reply.topics
    ]
    after = reply.next_cursor
    return topics, after and (after.topic_name, after.partition_index)


async def test_pages_of_partitions(admin: Admin) -> None:
    prefix = "pages"
    small, large = f"{prefix}-a", f"{prefix}-b"
    await new_topic(admin, small)
    await new_topic(admin, large, 4)
    ok, unknown = E.NONE, E.UNKNOWN_TOPIC_OR_PARTITION
    whole = [(small, ok, [0]), (large, ok, [0, 1, 2, 3])]
    assert await page(admin, large, small, large) == (whole, None)
    assert await page(admin, small, large, limit=5) == (whole, None)
    assert await page(admin, small, large, limit=1) == ([(small, ok, [0])], (large, 0))
    assert await page(admin, small, large, limit=3) == ([(small, ok, [0]), (large, ok, [0, 1])], (large, 2))
    second = await page(admin, small, large, limit=2, cursor=(large, 1))
    assert second == ([(large, ok, [1, 2])], (large, 3))
    assert await page(admin, large, cursor=(large, 3)) == ([(large, ok, [3])], None)
    assert await page(admin, large, cursor=(large, 9)) == ([(large, ok, [])], None)
    assert await page(admin, large, limit=0) == ([(large, ok, [0])], (large, 1))
    assert await page(admin, large, limit=-1) == ([(large, ok, [0])], (large, 1))
    assert await page(admin, small, "pages-z", limit=1) == ([(small, ok, [0])], ("pages-z", 0))
    assert await page(admin, small, "pages-z", "a b") == (
        [("a b", E.INVALID_TOPIC_EXCEPTION, []), (small, ok, [0]), ("pages-z", unknown, [])],
        None,
    )
    assert await page(admin, small, cursor=("zz", 0)) == ([(small, E.INVALID_REQUEST, [])], None)
    assert await page(admin, small, cursor=(small, -1)) == ([(small, E.INVALID_REQUEST, [])], None)
    everything, _ = await page(admin)
    assert (small, ok, [0]) in everything
    assert [name for name, _, _ in everything] == sorted(name for name, _, _ in everything)
    assert (await page(admin, cursor=(large, 2), limit=1))[0] == [(large, ok, [2])]


async def test_details_of_a_described_topic(admin: Admin) -> None:
    topic_id = await new_topic(admin, "details")
    request = DescribeTopicPartitionsRequest(topics=[TopicRequest(name="details")])
    (topic,) = (await admin.ask("DescribeTopicPartitions", request)).topics
    assert (topic.topic_id, topic.is_internal, topic.topic_authorized_operations) == (topic_id, False, 3576)
    (partition,) = topic.partitions
    assert (partition.leader_id, partition.leader_epoch, partition.error_code) == (1, 0, 0)
    assert partition.replica_nodes == partition.isr_nodes == [1]
    assert partition.eligible_leader_replicas == partition.last_known_elr == partition.offline_replicas == []


async def test_the_pages_limit_is_a_config() -> None:
    admin = await new_admin({"max.request.partition.size.limit": "2"})
    await new_topic(admin, "t", 3)
    assert await page(admin, "t") == ([("t", E.NONE, [0, 1])], ("t", 2))


# DeleteRecords and DescribeLogDirs.


async def delete(admin: Admin, *wanted: tuple[str, int, int]) -> dict[tuple[str, int], tuple[int, E]]:
    topics = [
        DeleteRecordsTopic(
            name=name, partitions=[DeleteRecordsPartition(partition_index=index, offset=offset)]
        )
        for name, index, offset in wanted
    ]
    reply = await admin.ask("DeleteRecords", DeleteRecordsRequest(topics=topics, timeout_ms=10_000))
    return {
        (topic.name, one.partition_index): (one.low_watermark, E(one.error_code))
        for topic in reply.topics
        for one in topic.partitions
    }


async def test_records_that_cannot_be_deleted(admin: Admin) -> None:
    await new_topic(admin, "kept-by-key", policy="compact")
    await new_topic(admin, "deletable")
    cases = [
        (("kept-by-key", 0, 0), E.POLICY_VIOLATION),
        (("deletable", 0, -2), E.OFFSET_OUT_OF_RANGE),
        (("deletable", 0, 50), E.OFFSET_OUT_OF_RANGE),
        (("deletable", 7, 0), E.UNKNOWN_TOPIC_OR_PARTITION),
        (("not-there", 0, 0), E.UNKNOWN_TOPIC_OR_PARTITION),
        (("a b", 0, 0), E.UNKNOWN_TOPIC_OR_PARTITION),
    ]
    for wanted, code in cases:
        assert await delete(admin, wanted) == {wanted[:2]: (-1, code)}, wanted
    await new_topic(admin, "kept-and-deleted", policy="compact,delete")
    assert await delete(admin, ("kept-and-deleted", 0, 0)) == {("kept-and-deleted", 0): (0, E.NONE)}


async def test_records_of_a_topic_without_any_policy_can_be_deleted(admin: Admin) -> None:
    await new_topic(admin, "no-policy", policy="")
    assert (await delete(admin, ("no-policy", 0, 0)))["no-policy", 0] == (0, E.NONE)


async def test_records_are_deleted_by_the_partitions_owner(ours: OurAdmin) -> None:
    await new_topic(ours, "d", 2)
    assert await delete(ours, ("d", 0, 4), ("d", 1, -1)) == {("d", 0): (4, E.NONE), ("d", 1): (10, E.NONE)}
    assert ours.records.deleted == {("d", 0): 4, ("d", 1): 10}


async def test_log_directories(ours: OurAdmin) -> None:
    reply = await ours.ask("DescribeLogDirs", DescribeLogDirsRequest(topics=None))
    (directory,) = reply.results
    assert (directory.log_dir, directory.total_bytes, directory.usable_bytes) == ("/data", 1000, 100)
    sizes = {
        topic.name: [(one.partition_index, one.partition_size) for one in topic.partitions]
        for topic in directory.topics
    }
    assert sizes == {"a": [(0, 3)], "b": [(0, 5), (1, 7)]}


async def test_log_directories_of_some_partitions(admin: Admin) -> None:
    await new_topic(admin, "a", 2)
    wanted = [
        DescribableLogDirTopic(topic="a", partitions=[0, 9]),
        DescribableLogDirTopic(topic="not-there", partitions=[0]),
    ]
    for version in (1, 2, 3, 4):
        reply = await admin.ask("DescribeLogDirs", DescribeLogDirsRequest(topics=wanted), version)
        (directory,) = reply.results
        assert (reply.error_code, directory.error_code) == (0, 0)
        (topic,) = directory.topics
        assert (topic.name, [one.partition_index for one in topic.partitions]) == ("a", [0])
        assert (topic.partitions[0].offset_lag, topic.partitions[0].is_future_key) == (0, False)
        assert (directory.total_bytes > 0) == (version >= 4)
    nothing = await admin.ask("DescribeLogDirs", DescribeLogDirsRequest(topics=[]))
    assert nothing.results[0].topics == []
