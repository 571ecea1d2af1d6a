"""What a member of a consumer group has right now, and how it gets from there to its target (KIP-848).

    Stable ──the target moved──▶ Stable at the target's epoch, if nothing is taken away and all of it is free
    Stable ──something is taken away──▶ UnrevokedPartitions at the old epoch, until the member reports it gone
    UnrevokedPartitions ──gone──▶ as from Stable
    any ──something belongs to another──▶ UnreleasedPartitions at the target's epoch, without it so far

A partition belongs to the member that has it assigned or is still to revoke it, so it never has two owners.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from ottla.groups.assignors.server import Partition
from ottla.groups.records.consumer import ConsumerGroupCurrentMemberAssignmentValue, TopicPartitions

Partitions = frozenset[Partition]
NOTHING: Partitions = frozenset()
JOIN_EPOCH = 0
LEAVE_EPOCH = -1
STATIC_LEAVE_EPOCH = -2


class MemberState(IntEnum):
    """As written down."""

    STABLE = 0
    UNREVOKED_PARTITIONS = 1
    UNRELEASED_PARTITIONS = 2


@dataclass(frozen=True, slots=True)
class Current:
    """A member's epoch and partitions."""

    epoch: int = JOIN_EPOCH
    previous_epoch: int = JOIN_EPOCH
    state: int = MemberState.STABLE
    assigned: Partitions = NOTHING
    revoking: Partitions = NOTHING
    """Still the member's, until it reports that it is not."""

    @property
    def held(self) -> Partitions:
        """What nobody else can have."""
        return self.assigned | self.revoking

    def reconciled_to(self, epoch: int) -> bool:
        return self.state == MemberState.STABLE and self.epoch == epoch

    def at(
        self, epoch: int, state: MemberState, assigned: Partitions, revoking: Partitions = NOTHING
    ) -> "Current":
        """The next step. The epoch before stays valid for a member whose answer was lost."""
        return Current(epoch, self.epoch, state, assigned, revoking)

    def value(self) -> ConsumerGroupCurrentMemberAssignmentValue:
        """As it is written down."""
        return ConsumerGroupCurrentMemberAssignmentValue(
            member_epoch=self.epoch,
            previous_member_epoch=self.previous_epoch,
            state=self.state,
            assigned_partitions=_listed(self.assigned),
            partitions_pending_revocation=_listed(self.revoking),
        )

    @classmethod
    def of(cls, value: ConsumerGroupCurrentMemberAssignmentValue) -> "Current":
        return cls(
            value.member_epoch,
            value.previous_member_epoch,
            value.state,
            flat((entry.topic_id, entry.partitions) for entry in value.assigned_partitions),
            flat((entry.topic_id, entry.partitions) for entry in value.partitions_pending_revocation),
        )


def reconcile(
    current: Current,
    target: Partitions,
    target_epoch: int,
    owned: Partitions | None,
    is_free: Callable[[Partition], bool],
) -> Current:
    """The member's next step towards its target.

    `owned` is what the member reports to have, None when it says nothing. `is_free` tells whether a
    partition belongs to no other member.
    """
    if current.reconciled_to(target_epoch):
        return current
    if current.state == MemberState.UNREVOKED_PARTITIONS:
        if owned is None or owned & current.revoking:
            return current
        # From here the member is where it would be after one more epoch in which nothing else happened.
        current = replace(current, revoking=NOTHING)
    kept = current.assigned & target
    lost = current.assigned - target
    if lost and (owned is None or owned & lost):
        return current.at(current.epoch, MemberState.UNREVOKED_PARTITIONS, kept, lost)
    free = frozenset(partition for partition in target - kept if is_free(partition))
    state = MemberState.STABLE if kept | free == target else MemberState.UNRELEASED_PARTITIONS
    return current.at(target_epoch, state, kept | free)


def flat(entries: Iterable[tuple[bytes, list[int]]]) -> Partitions:
    """Partitions by topic, as the wire has them, as one set."""
    return frozenset((topic_id, partition) for topic_id, partitions in entries for partition in partitions)


def by_topic(partitions: Iterable[Partition]) -> dict[bytes, list[int]]:
    """One set of partitions by topic, everything in order."""
    found: dict[bytes, list[int]] = {}
    for topic_id, partition in sorted(partitions):
        found.setdefault(topic_id, []).append(partition)
    return found


def _listed(partitions: Partitions) -> list[TopicPartitions]:
    return [
        TopicPartitions(topic_id=topic_id, partitions=numbers)
        for topic_id, numbers in by_topic(partitions).items()
    ]
