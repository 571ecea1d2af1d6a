"""A KIP-848 consumer group: everything in it is persistent, and one kind of record sets each part of it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.assignors.server import Partition
from ottla.groups.consumer.current import NOTHING, Current, Partitions, flat
from ottla.groups.records import consumer as records
from ottla.groups.records.codec import GroupRecord


class GroupState(StrEnum):
    """The name that ConsumerGroupDescribe and ListGroups show; it follows from the rest."""

    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    RECONCILING = "Reconciling"
    STABLE = "Stable"
    DEAD = "Dead"


@dataclass(slots=True)
class ConsumerGroup:
    """One group. A member exists when it has metadata."""

    group_id: str
    epoch: int = 0
    metadata_hash: int = 0
    """Of the topics that the assignment was made for."""
    assignment_epoch: int = 0
    """The group epoch that the targets were made for. Invariant: never greater than `epoch`."""
    members: dict[str, records.ConsumerGroupMemberMetadataValue] = field(default_factory=dict)
    targets: dict[str, Partitions] = field(default_factory=dict)
    currents: dict[str, Current] = field(default_factory=dict)
    expressions: dict[str, records.ConsumerGroupRegularExpressionValue] = field(default_factory=dict)
    """Subscribed regular expressions and the topics they were last found to mean."""
    static_members: dict[str, str] = field(default_factory=dict)
    owners: dict[Partition, str] = field(default_factory=dict)
    """Invariant: exactly what is in the `held` of the members' currents."""
    checked_version: int | None = None
    """The view of topics that `metadata_hash` was last compared with; forgotten at a restart."""
    resolved: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For an expression: the view of topics it was last matched against, and when; forgotten at a restart."""

    # What is persistent

    def apply(self, record: GroupRecord) -> None:
        """Take in one record of this group."""
        key, value = record.key, record.value
        match key:
            case records.ConsumerGroupMetadataKey():
                assert isinstance(value, records.ConsumerGroupMetadataValue)
                self.epoch, self.metadata_hash = value.epoch, value.metadata_hash
            case records.ConsumerGroupTargetAssignmentMetadataKey():
                assert isinstance(value, records.ConsumerGroupTargetAssignmentMetadataValue | None)
                self.assignment_epoch = value.assignment_epoch if value is not None else 0
            case records.ConsumerGroupMemberMetadataKey(member_id=member_id):
                assert isinstance(value, records.ConsumerGroupMemberMetadataValue | None)
                self._set_member(member_id, value)
            case records.ConsumerGroupTargetAssignmentMemberKey(member_id=member_id):
                assert isinstance(value, records.ConsumerGroupTargetAssignmentMemberValue | None)
                self._set_target(member_id, value)
            case records.ConsumerGroupCurrentMemberAssignmentKey(member_id=member_id):
                assert isinstance(value, records.ConsumerGroupCurrentMemberAssignmentValue | None)
                self._set_current(member_id, Current.of(value) if value is not None else None)
            case records.ConsumerGroupRegularExpressionKey(regular_expression=expression):
                assert isinstance(value, records.ConsumerGroupRegularExpressionValue | None)
                self._set_expression(expression, value)

    def _set_member(self, member_id: str, value: records.ConsumerGroupMemberMetadataValue | None) -> None:
        before = self.members.pop(member_id, None)
        if before is not None and self.static_members.get(before.instance_id or "") == member_id:
            del self.static_members[before.instance_id or ""]
        if value is not None:
            self.members[member_id] = value
            if value.instance_id is not None:
                self.static_members[value.instance_id] = member_id

    def _set_target(
        self, member_id: str, value: records.ConsumerGroupTargetAssignmentMemberValue | None
    ) -> None:
        self.targets.pop(member_id, None)
        if value is not None:
            self.targets[member_id] = flat((e.topic_id, e.partitions) for e in value.topic_partitions)

    def _set_current(self, member_id: str, current: Current | None) -> None:
        before = self.currents.pop(member_id, None)
        for partition in before.held if before is not None else NOTHING:
            # In a compacted log another member's later record may come first; what it took stays taken.
            if self.owners.get(partition) == member_id:
                del self.owners[partition]
        if current is not None:
            self.currents[member_id] = current
            self.owners.update(dict.fromkeys(current.held, member_id))

    def _set_expression(
        self, expression: str, value: records.ConsumerGroupRegularExpressionValue | None
    ) -> None:
        self.expressions.pop(expression, None)
        if value is None:
            self.resolved.pop(expression, None)
        else:
            self.expressions[expression] = value

    # What follows from it

    @property
    def state(self) -> GroupState:
        if not self.members:
            return GroupState.EMPTY
        if self.epoch > self.assignment_epoch:
            return GroupState.ASSIGNING
        reconciled = all(
            self.current(member_id).reconciled_to(self.assignment_epoch) for member_id in self.members
        )
        return GroupState.STABLE if reconciled else GroupState.RECONCILING

    def current(self, member_id: str) -> Current:
        return self.currents.get(member_id, _NEW)

    def target(self, member_id: str) -> Partitions:
        return self.targets.get(member_id, NOTHING)

    def is_free_for(self, member_id: str, partition: Partition) -> bool:
        """Whether the partition belongs to no other member."""
        return self.owners.get(partition, member_id) == member_id

    def known(self, member_id: str, instance_id: str | None) -> records.ConsumerGroupMemberMetadataValue:
        """The member that a request names. Raises UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
        if instance_id is not None:
            holder = self.static_members.get(instance_id)
            if holder is None:
                raise KafkaError(
                    ErrorCode.UNKNOWN_MEMBER_ID, f"nobody in the group is instance {instance_id}"
                )
            if holder != member_id:
                text = f"instance {instance_id} is member {holder} by now, not {member_id}"
                raise KafkaError(ErrorCode.FENCED_INSTANCE_ID, text)
        member = self.members.get(member_id)
        if member is None:
            raise KafkaError(
                ErrorCode.UNKNOWN_MEMBER_ID, f"{member_id!r} is no member of group {self.group_id}"
            )
        return member

    def assignor(self, offered: tuple[str, ...]) -> str:
        """What most members ask for of what is offered; the first, if nobody asks."""
        asked = Counter(member.server_assignor for member in self.members.values())
        return max(offered, key=lambda name: asked[name])

    def topics_of(self, member: records.ConsumerGroupMemberMetadataValue) -> frozenset[str]:
        """The names the member wants: those it lists, and those its expression means."""
        resolved = self.expressions.get(member.subscribed_topic_regex or "")
        return frozenset(member.subscribed_topic_names) | frozenset(
            resolved.topics if resolved is not None else ()
        )

    def uses_classic_protocol(self, member_id: str) -> bool:
        """Whether the member is one that speaks JoinGroup."""
        return self.members[member_id].classic_member_metadata is not None

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether offsets of the topic are in use."""
        return any(topic in self.topics_of(member) for member in self.members.values())


_NEW = Current()
