"""A member of a consumer group (KIP-848): ConsumerGroupHeartbeat and nothing else, without I/O.

Rules, beside those of `membership`:

1. The member makes up its id and keeps it. It joins at epoch 0 and takes each next epoch from the broker.
2. The broker says what the member is to own. It first gives up what is not in there, and says so at once, for
   somebody waits for it; then it takes over what is new, and says that.
3. A heartbeat tells only what has changed. After one whose answer is missing, the next tells everything.
4. Fenced, or unknown like its whole group, it loses what it owns and joins again at epoch 0.
5. It leaves with epoch -1; a static member with -2, so that it may come back within the session timeout. A static
   member that comes back too early waits until the one before it is given up.
6. Topics come as ids. What is assigned of a topic whose name is not known yet waits until it is (`named`).
"""

from collections.abc import Mapping
from enum import Enum

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.machine import Change, ChangeKind, MemberConfig, Membership, Partitions, Wanted
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from ottla.wire.schema import Message

JOIN_EPOCH = 0
LEAVE_EPOCH = -1
STATIC_LEAVE_EPOCH = -2
_FENCED = {
    ErrorCode.FENCED_MEMBER_EPOCH,
    ErrorCode.UNKNOWN_MEMBER_ID,
    ErrorCode.GROUP_ID_NOT_FOUND,  # forgotten with all its members: whoever joins makes it anew
}
_PASSING = {ErrorCode.UNRELEASED_INSTANCE_ID, ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}

IdentifiedPartition = tuple[bytes, int]
"""A topic's id, and a partition of it."""


class Stage(Enum):
    """Where a member is."""

    OUT = "out"
    JOINING = "joining"
    """Epoch 0 is to be sent, or its answer is awaited."""
    MEMBER = "member"
    LEAVING = "leaving"
    """The last epoch is to be sent, once the application has given up its partitions."""


class ConsumerMembership(Membership):
    """One member of one consumer group."""

    def __init__(self, config: MemberConfig, member_id: str, now_ms: int) -> None:
        super().__init__(config, now_ms)
        self.stage = Stage.OUT
        self.member_id = member_id
        self.epoch = JOIN_EPOCH
        self._interval_ms = config.heartbeat_interval_ms
        self._names: dict[bytes, str] = {}
        self._owned: dict[TopicPartition, bytes] = {}
        self._target: frozenset[IdentifiedPartition] = frozenset()
        self._reported: Mapping[TopicPartition, bytes] | None = None
        """What the broker knows that it owns; None when that is not sure."""
        self._subscribed: Wanted | None = None
        self._sent: tuple[Mapping[TopicPartition, bytes], Wanted] = ({}, Wanted())
        self._leaves_late = False

    # What the shell asks

    @property
    def owned(self) -> Partitions:
        return frozenset(self._owned)

    @property
    def is_out(self) -> bool:
        return self.change is None and (self.stage is Stage.OUT or self.failure is not None)

    @property
    def topic_ids_to_name(self) -> frozenset[bytes]:
        """Topics that are assigned and whose names are not known here."""
        return frozenset(topic_id for topic_id, _ in self._target if topic_id not in self._names)

    @property
    def heartbeat_interval_ms(self) -> int:
        return self._interval_ms

    # What the shell tells

    def subscribe(self, wanted: Wanted, now_ms: int) -> None:
        self.wanted = wanted
        if not wanted:
            self.quit()
        elif self.stage is Stage.OUT:
            self._join(now_ms)

    def polled(self, now_ms: int) -> None:
        super().polled(now_ms)
        if self.stage is Stage.OUT and self.wanted and self.failure is None:
            self._join(now_ms)

    def named(self, names: Mapping[bytes, str]) -> None:
        """The names of topics by their ids."""
        self._names.update(names)
        self._settle()

    def answered(self, response: Message, now_ms: int) -> None:
        request = self._take_answer()
        assert isinstance(request, ConsumerGroupHeartbeatRequest)
        assert isinstance(response, ConsumerGroupHeartbeatResponse)
        code = ErrorCode(response.error_code)
        if request.member_epoch < JOIN_EPOCH:
            self._gone()
        elif self.stage is self._asked_in(request):
            if code is ErrorCode.NONE:
                self._accept(response)
            else:
                self._refused(code, response.error_message or code.message, now_ms)
        self._settle()

    @staticmethod
    def _asked_in(request: ConsumerGroupHeartbeatRequest) -> Stage:
        """Where the member was; what it asked before it lost everything says nothing about how it joins again."""
        return Stage.JOINING if request.member_epoch == JOIN_EPOCH else Stage.MEMBER

    def failed(self, error: KafkaError, now_ms: int) -> None:
        self._reported = self._subscribed = None
        if self.stage is not Stage.LEAVING:
            super().failed(error, now_ms)
            return
        request = self._take_answer()
        assert isinstance(request, ConsumerGroupHeartbeatRequest)
        if request.member_epoch < JOIN_EPOCH:
            self._gone()  # said once; if it was not heard, the session timeout says it
        self._settle()

    def quit(self) -> None:
        self.wanted = Wanted()
        if self.stage is not Stage.OUT:
            self.stage = Stage.LEAVING
        self._in_flight, self._not_before_ms = None, 0
        self._settle()

    # Requests

    def _due_request(self, now_ms: int) -> Message | None:
        due_ms = self._due_ms()
        if due_ms is None or now_ms < due_ms:
            return None
        if self.stage is Stage.LEAVING:
            return self._leave_request()
        full = self.stage is Stage.JOINING or self._subscribed is None or self._reported is None
        tells_owned = full or self._owned != self._reported
        subscribes = full or self.wanted != self._subscribed
        self._sent = (dict(self._owned), self.wanted)
        config = self.config
        return ConsumerGroupHeartbeatRequest(
            group_id=config.group_id,
            member_id=self.member_id,
            member_epoch=self.epoch,
            instance_id=config.instance_id,
            rack_id=config.rack_id if full else None,
            rebalance_timeout_ms=config.max_poll_interval_ms if full else -1,
            subscribed_topic_names=sorted(self.wanted.topics) if subscribes else None,
            subscribed_topic_regex=self._regex() if subscribes else None,
            server_assignor=config.server_assignor if full else None,
            topic_partitions=_listed(self._owned) if tells_owned else None,
        )

    def _regex(self) -> str | None:
        """An empty one takes back an earlier one."""
        had = self._subscribed.regex if self._subscribed is not None else None
        return "" if self.wanted.regex is None and had is not None else self.wanted.regex

    def _due_ms(self) -> int | None:
        if self.failure is not None or self.stage is Stage.OUT:
            return None
        if self.stage is Stage.JOINING:
            return 0 if self.change is None and not self._owned else None
        if self.stage is Stage.LEAVING:
            return 0 if self._leaves_late or not self._owned else None
        has_news = self._owned != self._reported or self.wanted != self._subscribed
        return 0 if has_news else self._heartbeat_at_ms

    def _leave_request(self) -> ConsumerGroupHeartbeatRequest | None:
        if self.epoch == JOIN_EPOCH and self._subscribed is None:
            self._gone()  # nobody has heard of it
            return None
        static = self.config.instance_id is not None
        return ConsumerGroupHeartbeatRequest(
            group_id=self.config.group_id,
            member_id=self.member_id,
            member_epoch=STATIC_LEAVE_EPOCH if static else LEAVE_EPOCH,
            instance_id=self.config.instance_id,
        )

    # Answers

    def _accept(self, response: ConsumerGroupHeartbeatResponse) -> None:
        self._succeeded()
        self.stage, self.epoch = Stage.MEMBER, response.member_epoch
        self.member_id = response.member_id or self.member_id
        self.heard_ms = self._sent_ms
        self._reported, self._subscribed = self._sent
        if response.heartbeat_interval_ms > 0:
            self._interval_ms = response.heartbeat_interval_ms
            self._heartbeat_at_ms = self._sent_ms + self._interval_ms
        if response.assignment is not None:
            self._target = frozenset(
                (topic.topic_id, number)
                for topic in response.assignment.topic_partitions
                for number in topic.partitions
            )

    def _refused(self, code: ErrorCode, message: str, now_ms: int) -> None:
        error = KafkaError(code, f"group {self.config.group_id}: {code.name}: {message}")
        self._reported = self._subscribed = None
        is_classic = code is ErrorCode.GROUP_ID_NOT_FOUND and self.stage is Stage.JOINING  # and stays so
        if code in _FENCED and not is_classic:
            if self.stage is Stage.JOINING:
                self._try_again(error, now_ms)
            self._lose()
        elif code.retriable or code in _PASSING:
            self._try_again(error, now_ms)
        else:
            self._fail(error)

    # Changes

    def _settle(self) -> None:
        if self.change is not None or self._announce_loss():
            return
        if self.failure is not None:
            self.change = Change(ChangeKind.LOST, self.owned) if self._owned else None
        elif self.stage is Stage.MEMBER:
            self._reconcile()
        elif self.stage in {Stage.LEAVING, Stage.OUT} and self._owned:
            self.change = Change(ChangeKind.REVOKED, self.owned)

    def _reconcile(self) -> None:
        target = {
            TopicPartition(self._names[topic_id], number): topic_id
            for topic_id, number in self._target
            if topic_id in self._names
        }
        revoked = frozenset(
            partition for partition, topic_id in self._owned.items() if target.get(partition) != topic_id
        )
        added = {
            partition: topic_id for partition, topic_id in target.items() if partition not in self._owned
        }
        if revoked:
            self.change = Change(ChangeKind.REVOKED, revoked)
        elif added and self._owned == self._reported:
            self._owned.update(added)
            self.change = Change(ChangeKind.ASSIGNED, frozenset(added))

    def _disown(self, partitions: Partitions) -> None:
        for partition in partitions:
            del self._owned[partition]

    def _join(self, now_ms: int) -> None:
        self._polled_ms = now_ms
        self.stage, self.epoch = Stage.JOINING, JOIN_EPOCH
        self._settle()

    def _lose(self) -> None:
        self._forget()
        self._forfeited = bool(self._owned)
        self.stage = Stage.OUT if self.stage is Stage.LEAVING else Stage.JOINING
        self._settle()

    def _give_up_late(self) -> None:
        self._note_lateness()
        self._forfeited, self._leaves_late = bool(self._owned), True
        self.stage = Stage.LEAVING
        self._settle()

    def _gone(self) -> None:
        self._forget()
        self.stage, self._leaves_late = Stage.OUT, False

    def _forget(self) -> None:
        self.epoch, self.heard_ms = JOIN_EPOCH, None
        self._reported = self._subscribed = None
        self._target = frozenset()

    def _counts_polls(self) -> bool:
        return self.stage in {Stage.JOINING, Stage.MEMBER} and self.failure is None


def _listed(owned: Mapping[TopicPartition, bytes]) -> list[TopicPartitions]:
    by_id: dict[bytes, list[int]] = {}
    for partition, topic_id in sorted(owned.items()):
        by_id.setdefault(topic_id, []).append(partition.partition)
    return [TopicPartitions(topic_id=topic_id, partitions=numbers) for topic_id, numbers in by_id.items()]
