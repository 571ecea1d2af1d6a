"""A shard of the group coordinator over a disk in memory, with a clock that is told."""

import asyncio
from typing import Any

from ottla.broker.call import Call
from ottla.broker.flusher import Flusher
from ottla.broker.group_shard import Decide, GroupShard
from ottla.broker.partition import Partition
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.groups.coordinator import GroupCoordinator
from ottla.groups.offsets.requests import asked_groups
from ottla.groups.topics import Topic, Topics
from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.testing.directory import Disk
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from tests.support.groups import DEVELOPMENT, topic_id

NAME = "__consumer_offsets"
FOLDER = f"/data/{NAME}-0"
START_MS = 1_700_000_000_000
IMAGE = TopicImage(NAME, bytes(range(16)), (PartitionImage(1, 0, 0, (1,), (1,)),))
A = Topics([Topic("a", topic_id("a"), 3)], 1)


class ToldClock:
    """Both clocks, in milliseconds."""

    def __init__(self) -> None:
        self.wall_ms = START_MS
        self.steady_ms = 5_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.steady_ms / 1000


class Desk:
    """One shard, and how to ask it."""

    def __init__(
        self,
        disk: Disk,
        flusher: Flusher,
        *,
        durable: bool = False,
        topics: Topics = A,
        config: LogConfig | None = None,
    ) -> None:
        self.clock = ToldClock()
        directory = disk.directory(FOLDER)
        config = config or LogConfig()
        if directory.made():
            log = Log.open(directory, config, now_ms=START_MS, recovery_point=0)
        else:
            log = Log.create(directory, config, IMAGE.id, START_MS)
        self.partition = Partition(IMAGE, 0, log, flusher)
        self.machine = GroupCoordinator(DEVELOPMENT, topics)
        self.shard = GroupShard(self.partition, self.machine, self.clock, durable=durable)

    def ask(self, decide: Decide, version: int) -> "asyncio.Task[Any]":
        call = Call(0, version, 1, "client", ("127.0.0.1", 1), ("127.0.0.1", 2), "PLAINTEXT")
        return asyncio.ensure_future(self.shard.ask(decide, call))

    def commit(self, offset: int, group: str = "g") -> "asyncio.Task[Any]":
        partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=offset)
        topic = OffsetCommitRequestTopic(name="a", topic_id=topic_id("a"), partitions=[partition])
        request = OffsetCommitRequest(group_id=group, generation_id_or_member_epoch=-1, topics=[topic])
        return self.ask(lambda machine, caller, now_ms: machine.commit_offsets(request, caller, now_ms), 9)

    async def committed(self, group: str = "g") -> int:
        """The offset that the shard tells, -1 for none."""
        topics = [OffsetFetchRequestTopics(name="a", partition_indexes=[0])]
        wanted = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=topics)])
        (asked,) = asked_groups(wanted, 9)
        reply = await self.ask(
            lambda machine, caller, _: machine.fetch_offsets(asked, caller, require_stable=False), 9
        )
        return int(reply.topics[0].partitions[0].committed_offset)

    def join(self, member_id: str = "", group: str = "g") -> "asyncio.Task[Any]":
        """A version that needs no member id beforehand."""
        request = JoinGroupRequest(
            group_id=group,
            member_id=member_id,
            session_timeout_ms=10_000,
            rebalance_timeout_ms=10_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        return self.ask(lambda machine, caller, now_ms: machine.join_group(request, caller, now_ms), 3)

    def sync(self, member_id: str, generation_id: int) -> "asyncio.Task[Any]":
        """With an assignment, which counts if this is the leader."""
        share = SyncGroupRequestAssignment(member_id=member_id, assignment=b"all")
        request = SyncGroupRequest(
            group_id="g", member_id=member_id, generation_id=generation_id, assignments=[share]
        )
        return self.ask(lambda machine, caller, now_ms: machine.sync_group(request, caller, now_ms), 3)


async def settle() -> None:
    """Let everything that can run now run."""
    for _ in range(10):
        await asyncio.sleep(0)
