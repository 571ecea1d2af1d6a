"""The assignors of classic groups, run by the member that leads: from subscriptions to assignments, by name."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ottla.groups.assignors.balanced import assign_balanced
from ottla.groups.assignors.member import Member
from ottla.groups.assignors.range import assign_range
from ottla.groups.assignors.round_robin import assign_round_robin
from ottla.groups.assignors.sticky import (
    Claim,
    cooperative_claim,
    cooperative_user_data,
    settle_claims,
    sticky_claim,
    sticky_user_data,
    withhold_moving,
)
from ottla.groups.consumer_protocol import ConsumerProtocolSubscription, TopicPartition

NamedPartition = tuple[str, int]
_Assign = Callable[[list[Member[str]], Mapping[str, int]], dict[str, set[NamedPartition]]]


class Subscribed(NamedTuple):
    """A member as the leader learns of it from JoinGroup."""

    subscription: ConsumerProtocolSubscription
    instance_id: str | None = None


class ClientAssignor(NamedTuple):
    """One assignment strategy (`partition.assignment.strategy`)."""

    name: str
    assign_members: _Assign
    claim: Callable[[ConsumerProtocolSubscription], Claim] | None = None
    cooperative: bool = False
    """Members keep their partitions while they rejoin, and revoke only what they lose (KIP-429)."""

    def user_data(self, owned: list[TopicPartition], generation: int) -> bytes | None:
        """What a member puts into its subscription."""
        if self.claim is None:
            return None
        return cooperative_user_data(generation) if self.cooperative else sticky_user_data(owned, generation)

    def assign(
        self, members: Mapping[str, Subscribed], partition_counts: Mapping[str, int]
    ) -> dict[str, list[TopicPartition]]:
        """Everyone's partitions, topics and partitions in order."""
        known = self._members(members)
        assignment = self.assign_members(known, partition_counts)
        if self.cooperative:
            assignment = withhold_moving(assignment, known)
        return {member_id: grouped(partitions) for member_id, partitions in assignment.items()}

    def _members(self, members: Mapping[str, Subscribed]) -> list[Member[str]]:
        claims = {
            member_id: self.claim(member.subscription) if self.claim else (-1, frozenset[NamedPartition]())
            for member_id, member in members.items()
        }
        had = settle_claims(claims)
        return [
            Member(member_id, frozenset(member.subscription.topics), had[member_id], member.instance_id)
            for member_id, member in members.items()
        ]


def grouped(partitions: set[NamedPartition]) -> list[TopicPartition]:
    """The partitions as the consumer protocol lists them."""
    by_topic: dict[str, list[int]] = {}
    for topic, partition in sorted(partitions):
        by_topic.setdefault(topic, []).append(partition)
    return [TopicPartition(topic=topic, partitions=numbers) for topic, numbers in by_topic.items()]


CLIENT_ASSIGNORS = {
    assignor.name: assignor
    for assignor in (
        ClientAssignor("range", assign_range),
        ClientAssignor("roundrobin", assign_round_robin),
        ClientAssignor("sticky", assign_balanced, sticky_claim),
        ClientAssignor("cooperative-sticky", assign_balanced, cooperative_claim, cooperative=True),
    )
}
