"""A classic group: its members and what follows from them. What happens when is in `rebalance` and its neighbours."""

from collections import Counter
from dataclasses import dataclass, field

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.classic.member import ClassicMember
from ottla.groups.classic.states import TRANSITIONS, Event, State
from ottla.groups.consumer_protocol import PROTOCOL_TYPE, subscribed_topics
from ottla.groups.records.classic import GroupMetadataKey, GroupMetadataValue
from ottla.groups.records.codec import GroupRecord


@dataclass(slots=True)
class ClassicGroup:
    """One group. `apply` sets what is persistent; all else is known again after one round of heartbeats."""

    group_id: str
    state: State = State.EMPTY
    since_ms: int = -1
    """When the last record put it into Empty or Stable; -1 when that is not known."""
    generation_id: int = 0
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str | None = None
    members: dict[str, ClassicMember] = field(default_factory=dict)
    static_members: dict[str, str] = field(default_factory=dict)
    """Instance id to member id. Invariant: exactly the members that have an instance id."""
    pending_members: set[str] = field(default_factory=set)
    """Ids that were given out with MEMBER_ID_REQUIRED and have not come back yet."""
    pending_sync: set[str] = field(default_factory=set)
    """Members of this generation that have not sent SyncGroup."""
    initial_delay_left_ms: int | None = None
    """In the first rebalance after Empty: how much longer it may be put off for more members. None in any other."""
    new_member_added: bool = False
    """Somebody came since the first rebalance was last put off."""
    stored: GroupMetadataValue | None = None
    """What `apply` was last given: where a group whose record could not be appended starts again."""
    subscribed: frozenset[str] | None = None
    """The topics of all members, as of the last join phase; None when they cannot be known."""

    def move(self, event: Event) -> None:
        """The only way that `state` changes."""
        following = TRANSITIONS.get((self.state, event))
        assert following is not None, f"{self.group_id} is {self.state}: {event} cannot happen"
        self.state = following

    # What is persistent

    def record(
        self, now_ms: int, assignments: dict[str, bytes], generation_id: int | None = None
    ) -> GroupRecord:
        """The group as it is to be written down, with an assignment for every member."""
        value = GroupMetadataValue(
            protocol_type=self.protocol_type or "",
            generation=self.generation_id if generation_id is None else generation_id,
            protocol=self.protocol_name if self.members else None,
            leader=self.leader if self.members else None,
            current_state_timestamp=now_ms,
            members=[
                member.record(self.protocol_name, assignments.get(member.member_id, b""))
                for member in self.members.values()
            ],
        )
        return GroupRecord(GroupMetadataKey(group=self.group_id), value)

    def apply(self, value: GroupMetadataValue) -> None:
        """Become what was written down. Members that stay keep their parked requests and other protocols."""
        self.move(Event.ASSIGNED if value.members else Event.EMPTIED)
        self.stored = value
        self.generation_id = value.generation
        self.protocol_type = value.protocol_type or None
        self.protocol_name = value.protocol
        self.leader = value.leader
        self.since_ms = value.current_state_timestamp
        before, self.members = self.members, {}
        for stored in value.members:
            known = ClassicMember.stored(stored, value.protocol)
            member = before.get(stored.member_id, known)
            member.take_over(known)
            self.members[member.member_id] = member
        self.static_members = {
            member.group_instance_id: member.member_id
            for member in self.members.values()
            if member.group_instance_id is not None
        }
        self.subscribed = self.find_subscribed_topics()

    # Members

    def add(self, member: ClassicMember, protocol_type: str) -> None:
        """The first member decides the protocol type, and leads."""
        if not self.members:
            self.protocol_type = protocol_type
        self.members[member.member_id] = member
        self.pending_members.discard(member.member_id)
        if member.group_instance_id is not None:
            self.static_members[member.group_instance_id] = member.member_id
        if self.leader is None:
            self.leader = member.member_id

    def remove(self, member_id: str) -> ClassicMember | None:
        """Forget the member, or the id that was only given out. The lead goes to the next one."""
        self.pending_members.discard(member_id)
        self.pending_sync.discard(member_id)
        member = self.members.pop(member_id, None)
        if member is not None and self.static_members.get(member.group_instance_id or "") == member_id:
            del self.static_members[member.group_instance_id or ""]
        if self.leader == member_id:
            self.leader = next(iter(self.members), None)
        return member

    def known(self, member_id: str, instance_id: str | None) -> ClassicMember:
        """The member that a request names. Raises UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
        if instance_id is not None:
            holder = self.static_members.get(instance_id)
            if holder is None:
                raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
            if holder != member_id:
                raise KafkaError(ErrorCode.FENCED_INSTANCE_ID)
        member = self.members.get(member_id)
        if member is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return member

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest of all members'."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def awaiting_join(self) -> int:
        """How many JoinGroups are parked."""
        return sum(member.join_call is not None for member in self.members.values())

    @property
    def all_joined(self) -> bool:
        return not self.pending_members and self.awaiting_join == len(self.members)

    # Protocols

    def supports(self, protocol_type: str, protocols: list[tuple[str, bytes]]) -> bool:
        """Whether somebody with these protocols can be in the group."""
        if not self.members:
            return bool(protocol_type and protocols)
        return protocol_type == self.protocol_type and any(name in self.candidates() for name, _ in protocols)

    def candidates(self) -> set[str]:
        """The protocols that all members speak."""
        offers = Counter(name for member in self.members.values() for name in dict(member.protocols))
        return {name for name, count in offers.items() if count == len(self.members)}

    def choose_protocol(self) -> str:
        """Everyone votes for the best of what all speak; the most votes win, the first to get them on a tie."""
        candidates = self.candidates()
        votes = Counter(
            next(name for name, _ in member.protocols if name in candidates)
            for member in self.members.values()
        )
        return max(votes, key=lambda name: votes[name])

    def find_subscribed_topics(self) -> frozenset[str] | None:
        """What the members' metadata says, under the chosen protocol; None for another protocol type than consumer."""
        if self.protocol_type != PROTOCOL_TYPE or (self.members and self.protocol_name is None):
            return None
        return subscribed_topics([member.metadata(self.protocol_name) for member in self.members.values()])

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether offsets of the topic are in use. While subscriptions are not known, they are."""
        if self.subscribed is None:
            return self.protocol_type == PROTOCOL_TYPE
        return topic in self.subscribed
