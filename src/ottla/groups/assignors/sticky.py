"""`sticky` and `cooperative-sticky`: the balanced assignment, knowing from the members themselves what they had.

`sticky` carries it in its user data: the partitions and, from its version 1, the generation they are of.
Members of `cooperative-sticky` name what they own in the subscription itself, and only the generation in
the user data when the subscription is too old to hold it. A claim of a later generation beats an earlier
one; two equal ones cancel out.
"""

from __future__ import annotations

import struct

from ottla.groups.assignors.member import Member
from ottla.groups.consumer_protocol import ConsumerProtocolSubscription, TopicPartition
from ottla.wire.schema import Message
from ottla.wire.types import WireError, int32

NO_GENERATION = -1
_GENERATION = struct.Struct(">i")
Claim = tuple[int, frozenset[tuple[str, int]]]
"""A generation, and what the member had in it."""


class StickyAssignorUserData(Message, versions=(0, 1)):
    """User data of `sticky`. Version 0 lacks the generation; nothing says which version it is but its length."""

    previous_assignment: list[TopicPartition] = []
    generation: int32 = NO_GENERATION


class _Ungenerated(Message, versions=(0, 0)):
    previous_assignment: list[TopicPartition] = []


def sticky_user_data(owned: list[TopicPartition], generation: int) -> bytes:
    """What a member of `sticky` sends along with its subscription."""
    return b"".join(StickyAssignorUserData(previous_assignment=owned, generation=generation).encode(1))


def cooperative_user_data(generation: int) -> bytes:
    """What a member of `cooperative-sticky` sends along with its subscription."""
    return _GENERATION.pack(generation)


def sticky_claim(subscription: ConsumerProtocolSubscription) -> Claim:
    """What a member of `sticky` had. User data that cannot be read counts as none: the member starts afresh."""
    data = subscription.user_data or b""
    for cls, version in ((StickyAssignorUserData, 1), (_Ungenerated, 0)):
        try:
            decoded, end = cls.decode(data, version)
        except WireError:
            continue
        if end == len(data):
            generation = getattr(decoded, "generation", NO_GENERATION)
            return generation, _flat(decoded.previous_assignment)
    return NO_GENERATION, frozenset()


def cooperative_claim(subscription: ConsumerProtocolSubscription) -> Claim:
    """What a member of `cooperative-sticky` owns."""
    generation, data = subscription.generation_id, subscription.user_data
    if generation < 0 and data is not None and len(data) == _GENERATION.size:
        (generation,) = _GENERATION.unpack(data)
    return generation, _flat(subscription.owned_partitions)


def settle_claims(claims: dict[str, Claim]) -> dict[str, frozenset[tuple[str, int]]]:
    """Which member really had what, when several say they did."""
    best: dict[tuple[str, int], tuple[int, str | None]] = {}
    for member_id, (generation, partitions) in sorted(claims.items()):
        for partition in partitions:
            against, _ = best.get(partition, (generation - 1, None))
            if generation > against:
                best[partition] = (generation, member_id)
            elif generation == against:
                best[partition] = (generation, None)
    had: dict[str, set[tuple[str, int]]] = {member_id: set() for member_id in claims}
    for partition, (_, winner) in best.items():
        if winner is not None:
            had[winner].add(partition)
    return {member_id: frozenset(partitions) for member_id, partitions in had.items()}


def withhold_moving(
    assignment: dict[str, set[tuple[str, int]]], members: list[Member[str]]
) -> dict[str, set[tuple[str, int]]]:
    """The cooperative half step: nobody gets what another still owns; its owner revokes it and the group
    joins again."""
    owners = {partition: member.member_id for member in members for partition in member.owned}
    return {
        member_id: {partition for partition in partitions if owners.get(partition, member_id) == member_id}
        for member_id, partitions in assignment.items()
    }


def _flat(partitions: list[TopicPartition]) -> frozenset[tuple[str, int]]:
    return frozenset((entry.topic, partition) for entry in partitions for partition in entry.partitions)
