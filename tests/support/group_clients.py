"""Consumers reduced to their membership, one of each protocol, that do one thing at a time."""

from ottla.core.errors import ErrorCode
from ottla.groups.assignors.client import CLIENT_ASSIGNORS, Subscribed, grouped
from ottla.groups.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    decode,
    encode,
)
from ottla.wire.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from ottla.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from ottla.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from tests.support.groups import GroupShell, topic_id

Owned = frozenset[tuple[str, int]]
NOTHING: Owned = frozenset()
GROUP = "group"


class Client:
    """What both kinds have in common."""

    session_timeout_ms: int

    def __init__(
        self, shell: GroupShell, name: str, topics: list[str], instance_id: str | None = None
    ) -> None:
        self.shell = shell
        self.name = name
        self.topics = topics
        self.instance_id = instance_id
        self.owned: Owned = NOTHING
        self.parts: dict[int, Owned] = {}
        """Generation to what it was assigned in it; not of a consumer group's, which is not shared out at once."""
        self.last_contact_ms = shell.now_ms

    @property
    def believes_to_own(self) -> Owned:
        """What it would read from now; a client that has not been heard for a session knows that it is out."""
        silent_ms = self.shell.now_ms - self.last_contact_ms
        return self.owned if silent_ms < self.session_timeout_ms else NOTHING

    def step(self) -> None:
        raise NotImplementedError

    def leave(self) -> None:
        raise NotImplementedError


class ClassicClient(Client):
    """JoinGroup, SyncGroup, Heartbeat. The leader assigns by range, or the strategy it is made with."""

    session_timeout_ms = 10_000
    rebalance_timeout_ms = 60_000

    def __init__(
        self,
        shell: GroupShell,
        name: str,
        topics: list[str],
        instance_id: str | None = None,
        version: int = 9,
        strategy: str = "range",
    ) -> None:
        super().__init__(shell, name, topics, instance_id)
        self.version = version
        self.assignor = CLIENT_ASSIGNORS[strategy]
        self.member_id = ""
        self.generation_id = -1
        self.ticket: int | None = None
        self.phase = self.join
        self.assigned_for: dict[str, int] | None = None
        """As the leader: the partition counts that it last assigned by. When they change, it joins again."""

    def step(self) -> None:
        self.phase()

    def heard_ms(self) -> int:
        """When it was last known to be there: now, while its request is parked, else when that was answered."""
        assert self.ticket is not None
        return self.shell.replied_ms.get(self.ticket, self.shell.now_ms)

    def reset(self) -> None:
        self.member_id, self.generation_id, self.owned = "", -1, NOTHING
        self.phase = self.join

    def join(self) -> None:
        if not self.assignor.cooperative:
            self.owned = NOTHING
        owned = grouped(set(self.owned))
        subscription = ConsumerProtocolSubscription(
            topics=self.topics,
            owned_partitions=owned,
            generation_id=self.generation_id,
            user_data=self.assignor.user_data(owned, self.generation_id),
        )
        protocol = JoinGroupRequestProtocol(name=self.assignor.name, metadata=encode(subscription))
        request = JoinGroupRequest(
            group_id=GROUP,
            session_timeout_ms=self.session_timeout_ms,
            rebalance_timeout_ms=self.rebalance_timeout_ms,
            member_id=self.member_id,
            group_instance_id=self.instance_id if self.version >= 5 else None,
            protocol_type="consumer",
            protocols=[protocol],
        )
        self.ticket = self.shell.send(request, self.version, self.name)
        self.phase = self.joined
        self.joined()

    def joined(self) -> None:
        assert self.ticket is not None
        self.last_contact_ms = self.heard_ms()
        reply = self.shell.replies.get(self.ticket)
        if reply is None:
            return
        assert isinstance(reply, JoinGroupResponse)
        code = ErrorCode(reply.error_code)
        if code is ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id, self.phase = reply.member_id, self.join
        elif code is ErrorCode.REBALANCE_IN_PROGRESS:
            self.phase = self.join
        elif code is not ErrorCode.NONE:
            assert code in {
                ErrorCode.UNKNOWN_MEMBER_ID,
                ErrorCode.NOT_COORDINATOR,
                ErrorCode.FENCED_INSTANCE_ID,
            }, code
            self.reset()
        else:
            self.member_id, self.generation_id = reply.member_id, reply.generation_id
            leads = reply.leader == reply.member_id and not reply.skip_assignment
            self.assigned_for = self.assigned_for if reply.skip_assignment else None
            self.sync(self.assignments(reply) if leads else {})

    def counts(self) -> dict[str, int]:
        return {topic.name: topic.partition_count for topic in self.shell.topics.by_name.values()}

    def assignments(self, reply: JoinGroupResponse) -> dict[str, bytes]:
        members = {
            member.member_id: Subscribed(
                decode(ConsumerProtocolSubscription, member.metadata), member.group_instance_id
            )
            for member in reply.members
        }
        counts = self.assigned_for = self.counts()
        return {
            member_id: encode(ConsumerProtocolAssignment(assigned_partitions=parts))
            for member_id, parts in self.assignor.assign(members, counts).items()
        }

    def sync(self, assignments: dict[str, bytes]) -> None:
        request = SyncGroupRequest(
            group_id=GROUP,
            generation_id=self.generation_id,
            member_id=self.member_id,
            group_instance_id=self.instance_id if self.version >= 5 else None,
            protocol_type="consumer",
            protocol_name=self.assignor.name,
            assignments=[
                SyncGroupRequestAssignment(member_id=m, assignment=a) for m, a in assignments.items()
            ],
        )
        self.ticket = self.shell.send(request, min(self.version, 5))
        self.phase = self.synced

    def synced(self) -> None:
        assert self.ticket is not None
        self.last_contact_ms = self.heard_ms()
        reply = self.shell.replies.get(self.ticket)
        if reply is None:
            return
        assert isinstance(reply, SyncGroupResponse)
        code = ErrorCode(reply.error_code)
        if code is ErrorCode.REBALANCE_IN_PROGRESS:
            self.phase = self.join
        elif code is not ErrorCode.NONE:
            self.reset()
        else:
            before = self.owned
            self.owned = self.parts[self.generation_id] = _assigned(reply.assignment)
            # What a cooperative member gives up goes to its new owner in another round.
            self.phase = self.join if self.assignor.cooperative and before - self.owned else self.beat

    def beat(self) -> None:
        if self.assigned_for is not None and self.assigned_for != self.counts():
            self.join()
            return
        request = HeartbeatRequest(
            group_id=GROUP,
            generation_id=self.generation_id,
            member_id=self.member_id,
            group_instance_id=self.instance_id if self.version >= 5 else None,
        )
        reply = self.shell.ask(request, 4 if self.version >= 5 else 1)
        assert isinstance(reply, HeartbeatResponse)
        code = ErrorCode(reply.error_code)
        if code is ErrorCode.NONE:
            self.last_contact_ms = self.shell.now_ms
        elif code is ErrorCode.REBALANCE_IN_PROGRESS:
            self.last_contact_ms = self.shell.now_ms
            if not self.assignor.cooperative:
                self.owned = NOTHING
            self.phase = self.join
        else:
            self.reset()

    def leave(self) -> None:
        if self.instance_id is None and self.member_id:
            request = LeaveGroupRequest(group_id=GROUP, members=[MemberIdentity(member_id=self.member_id)])
            self.shell.ask(request)
        self.owned = NOTHING


def _assigned(assignment: bytes) -> Owned:
    if not assignment:
        return NOTHING
    entries = decode(ConsumerProtocolAssignment, assignment).assigned_partitions
    return frozenset((entry.topic, partition) for entry in entries for partition in entry.partitions)


class ConsumerClient(Client):
    """ConsumerGroupHeartbeat. Gives up and takes over partitions at once, and says so in its next heartbeat."""

    session_timeout_ms = 45_000
    rebalance_timeout_ms = 60_000

    def __init__(
        self,
        shell: GroupShell,
        name: str,
        topics: list[str],
        instance_id: str | None = None,
        regex: str | None = None,
    ) -> None:
        super().__init__(shell, name, topics, instance_id)
        self.regex = regex
        self.member_id = f"member-{name}"
        self.epoch = 0
        self.reported: Owned | None = None

    def step(self, *, loses_reply: bool = False) -> None:
        joins = self.epoch == 0
        changed = joins or self.owned != self.reported
        request = ConsumerGroupHeartbeatRequest(
            group_id=GROUP,
            member_id=self.member_id,
            member_epoch=self.epoch,
            instance_id=self.instance_id,
            rebalance_timeout_ms=self.rebalance_timeout_ms if changed else -1,
            subscribed_topic_names=self.topics if changed else None,
            subscribed_topic_regex=self.regex if changed else None,
            topic_partitions=self.listed() if changed else None,
        )
        sent = self.owned
        reply = self.shell.ask(request)
        assert isinstance(reply, ConsumerGroupHeartbeatResponse)
        self.reported = None  # a client that heard nothing tells everything again
        if not loses_reply:
            self.take_in(reply, sent)

    def take_in(self, reply: ConsumerGroupHeartbeatResponse, sent: Owned) -> None:
        code = ErrorCode(reply.error_code)
        if code is ErrorCode.UNRELEASED_INSTANCE_ID:
            return
        if code is not ErrorCode.NONE:
            assert code in {
                ErrorCode.FENCED_MEMBER_EPOCH,
                ErrorCode.UNKNOWN_MEMBER_ID,
                ErrorCode.FENCED_INSTANCE_ID,
                ErrorCode.GROUP_ID_NOT_FOUND,
            }, code
            self.epoch, self.owned, self.reported = 0, NOTHING, None
            return
        self.last_contact_ms = self.shell.now_ms
        self.epoch, self.reported = reply.member_epoch, sent
        if reply.assignment is not None:
            by_id = self.shell.topics.by_id
            self.owned = frozenset(
                (by_id[entry.topic_id].name, partition)
                for entry in reply.assignment.topic_partitions
                for partition in entry.partitions
            )

    def listed(self) -> list[TopicPartitions]:
        return [
            TopicPartitions(topic_id=topic_id(entry.topic), partitions=entry.partitions)
            for entry in grouped(set(self.owned))
        ]

    def leave(self) -> None:
        if self.epoch > 0:
            request = ConsumerGroupHeartbeatRequest(
                group_id=GROUP,
                member_id=self.member_id,
                instance_id=self.instance_id,
                member_epoch=-2 if self.instance_id is not None else -1,
            )
            self.shell.ask(request)
        self.epoch, self.owned, self.reported = 0, NOTHING, None
