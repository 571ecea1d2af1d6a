"""Runs a group coordinator as a broker would: a log of bytes, a clock that is told, replies by ticket."""

from ottla.core.decision import carry_out
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups import administration
from ottla.groups.caller import Caller
from ottla.groups.config import GroupConfig
from ottla.groups.coordinator import GroupCoordinator
from ottla.groups.decision import GroupDecision
from ottla.groups.offsets import transactions
from ottla.groups.offsets.requests import asked_groups, fetch_response
from ottla.groups.records.codec import GroupRecord, decode, encode
from ottla.groups.refusals import refusal
from ottla.groups.topics import Topic, Topics
from ottla.wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from ottla.wire.messages.delete_groups import DeleteGroupsRequest
from ottla.wire.messages.describe_groups import DescribeGroupsRequest
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.join_group import JoinGroupRequest
from ottla.wire.messages.leave_group import LeaveGroupRequest
from ottla.wire.messages.list_groups import ListGroupsRequest
from ottla.wire.messages.offset_commit import OffsetCommitRequest
from ottla.wire.messages.offset_delete import OffsetDeleteRequest
from ottla.wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponseGroup
from ottla.wire.messages.sync_group import SyncGroupRequest
from ottla.wire.messages.txn_offset_commit import TxnOffsetCommitRequest
from ottla.wire.schema import Message

DEVELOPMENT = GroupConfig(group_initial_rebalance_delay_ms=0)


def topics(version: int = 1, **partition_counts: int) -> Topics:
    """Topics whose ids follow from their names."""
    listed = [Topic(name, topic_id(name), count) for name, count in partition_counts.items()]
    return Topics(listed, version)


def topic_id(name: str) -> bytes:
    """Sixteen bytes that begin with the name."""
    return name.encode().ljust(16, b".")


class GroupShell:
    """One partition's coordinator and its log. `restart` keeps nothing but the log."""

    def __init__(self, config: GroupConfig = DEVELOPMENT, **partition_counts: int) -> None:
        self.config = config
        self.topics = topics(**partition_counts)
        self.log: list[tuple[bytes, bytes | None, int] | tuple[int, bool]] = []
        """Records with the producer id of their transaction, and markers: a producer id, and whether it committed."""
        self.now_ms = 1_000_000
        self.tickets = 0
        self.requests: dict[int, tuple[Message, int]] = {}
        self.replies: dict[int, Message] = {}
        self.replied_ms: dict[int, int] = {}
        self.fails = False
        self.coordinator = GroupCoordinator(config, self.topics)
        self.run(self.coordinator.loaded(self.now_ms))

    # Requests

    def send(self, request: Message, version: int | None = None, client_id: str = "client") -> int:
        """Hand the request to the coordinator. Returns its ticket; `replies` has the answer when there is one."""
        self.tickets += 1
        versions = type(request).__versions__
        assert versions is not None
        version = versions[1] if version is None else version
        self.requests[self.tickets] = (request, version)
        caller = Caller(self.tickets, version, client_id, "/127.0.0.1", f"uuid-{self.tickets}")
        ticket = self.tickets
        self.run(self.decide(request, caller))
        self.run_due()
        return ticket

    def ask(self, request: Message, version: int | None = None, client_id: str = "client") -> Message:
        """Send a request that is answered at once."""
        return self.replies[self.send(request, version, client_id)]

    def decide(self, request: Message, caller: Caller) -> GroupDecision:  # noqa: C901, PLR0911, PLR0912 (a table)
        coordinator, now_ms = self.coordinator, self.now_ms
        match request:
            case JoinGroupRequest():
                return coordinator.join_group(request, caller, now_ms)
            case SyncGroupRequest():
                return coordinator.sync_group(request, caller, now_ms)
            case HeartbeatRequest():
                return coordinator.heartbeat(request, caller, now_ms)
            case LeaveGroupRequest():
                return coordinator.leave_group(request, caller, now_ms)
            case ConsumerGroupHeartbeatRequest():
                return coordinator.consumer_group_heartbeat(request, caller, now_ms)
            case OffsetCommitRequest():
                return coordinator.commit_offsets(request, caller, now_ms)
            case TxnOffsetCommitRequest():
                return transactions.commit(coordinator, request, caller, now_ms)
            case OffsetFetchRequest():
                (group,) = asked_groups(request, caller.version)
                self.requests[caller.ticket] = (group, caller.version)
                return coordinator.fetch_offsets(group, caller, require_stable=request.require_stable)
            case OffsetDeleteRequest():
                return coordinator.delete_offsets(request, caller)
            case ListGroupsRequest():
                states, types = request.states_filter, request.types_filter
                return administration.list_groups(coordinator, states, types, caller.ticket)
            case DescribeGroupsRequest():
                return administration.describe_groups(coordinator, request.groups, caller)
            case ConsumerGroupDescribeRequest():
                return administration.describe_consumer_groups(coordinator, request.group_ids, caller)
            case DeleteGroupsRequest():
                return administration.delete_groups(coordinator, request.groups_names, caller)
        raise AssertionError(f"no group request: {request}")

    # Time

    def advance(self, ms: int) -> None:
        """Let time pass, stopping at every deadline on the way."""
        end_ms = self.now_ms + ms
        while (due_ms := self.coordinator.wake_at_ms) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self.run_due()
        self.now_ms = end_ms

    def run_due(self) -> None:
        while (decision := self.coordinator.tick(self.now_ms)) is not None:
            self.run(decision)

    # What a broker does

    def run(self, decision: GroupDecision) -> None:
        try:
            replies = carry_out(decision, self.append, self.coordinator.apply)
        except OSError:
            self.answer([(t, KafkaError(ErrorCode.NOT_COORDINATOR)) for t, _ in decision.replies])
            raise
        self.answer(replies)

    def append(self, records: list[GroupRecord]) -> None:
        if self.fails:
            raise OSError("the disk is full")
        self.log += [(*encode(record), record.producer_id) for record in records]

    def answer(self, replies: list[tuple[int, Message | KafkaError]]) -> None:
        for ticket, reply in replies:
            assert ticket not in self.replies, f"{self.requests[ticket]} is answered twice"
            request, version = self.requests[ticket]
            response = refusal(request, reply, version) if isinstance(reply, KafkaError) else reply
            if isinstance(response, OffsetFetchResponseGroup):
                response = fetch_response([response], version)
            # What the client reads: every reply fits its version.
            self.replies[ticket] = type(response).decode(b"".join(response.encode(version)), version)[0]
            self.replied_ms[ticket] = self.now_ms

    def end_transaction(self, producer_id: int, *, committed: bool) -> None:
        """A marker arrives."""
        self.log.append((producer_id, committed))
        self.coordinator.end_transaction(producer_id, committed=committed)

    def set_topics(self, **partition_counts: int) -> None:
        self.topics = topics(self.topics.version + 1, **partition_counts)
        self.coordinator.set_topics(self.topics)

    def restart(self) -> None:
        """Lose everything but the log."""
        waiting = self.requests.keys() - self.replies.keys()
        self.answer([(ticket, KafkaError(ErrorCode.NOT_COORDINATOR)) for ticket in waiting])
        self.coordinator = self.replayed()
        self.run(self.coordinator.loaded(self.now_ms))
        self.run_due()

    def replayed(self) -> GroupCoordinator:
        """A coordinator that has only read the log."""
        coordinator = GroupCoordinator(self.config, self.topics)
        for entry in self.log:
            if len(entry) == 2:
                coordinator.end_transaction(entry[0], committed=entry[1])
                continue
            key, value, producer_id = entry
            record = decode(key, value)
            assert record is not None
            coordinator.apply(record._replace(producer_id=producer_id))
        return coordinator
