"""As even as the subscriptions allow, and moving as little as possible: what `uniform` and the sticky assignors share.

Even means: no partition could move to a subscriber that has at least two partitions fewer than its owner.
Topics with the same subscribers form a class. Three steps:

1. Everyone keeps what they had and still want. With a single class, only up to their fair share.
2. What is free goes to the subscriber with the fewest partitions, classes with few subscribers first.
3. While a class is uneven, one partition moves from its most loaded owner to its least loaded subscriber.
   The sum of squared loads falls with every move, so this ends.
"""

import heapq
from collections.abc import Mapping
from typing import Generic

from ottla.groups.assignors.member import Member, TopicT, subscribers


def assign_balanced(
    members: list[Member[TopicT]], partition_counts: Mapping[TopicT, int]
) -> dict[str, set[tuple[TopicT, int]]]:
    """The assignment of every existing partition that anybody wants."""
    balancing = _Balancing(members, partition_counts)
    balancing.keep()
    balancing.deal_free()
    while balancing.move_one_each():
        pass
    return balancing.assignment


class _Balancing(Generic[TopicT]):
    def __init__(self, members: list[Member[TopicT]], partition_counts: Mapping[TopicT, int]) -> None:
        self.members: list[Member[TopicT]] = sorted(members, key=lambda member: member.order)
        self.assignment: dict[str, set[tuple[TopicT, int]]] = {m.member_id: set() for m in self.members}
        self.free: dict[TopicT, set[int]] = {}
        self.classes: dict[tuple[str, ...], set[TopicT]] = {}
        for topic, wanting in subscribers(members).items():
            if count := partition_counts.get(topic, 0):
                self.free[topic] = set(range(count))
                self.classes.setdefault(tuple(member.member_id for member in wanting), set()).add(topic)

    def keep(self) -> None:
        room = self._fair_shares() if len(self.classes) == 1 else {}
        for member in self.members:
            mine = self.assignment[member.member_id]
            for topic, partition in sorted(member.owned):
                if len(mine) >= room.get(member.member_id, len(member.owned)):
                    break
                if topic in member.topics and partition in self.free.get(topic, ()):
                    self.free[topic].remove(partition)
                    mine.add((topic, partition))

    def _fair_shares(self) -> dict[str, int]:
        """With one class: who may keep how many. The odd ones stay with those who had most."""
        ((ids, topics),) = self.classes.items()
        share, extra = divmod(sum(len(self.free[topic]) for topic in topics), len(ids))
        owned = {
            member.member_id: sum(partition in self.free.get(topic, ()) for topic, partition in member.owned)
            for member in self.members
        }
        by_owned = sorted(ids, key=lambda member_id: -owned[member_id])
        return {member_id: share + (place < extra) for place, member_id in enumerate(by_owned)}

    def deal_free(self) -> None:
        for ids, topics in sorted(self.classes.items(), key=lambda item: (len(item[0]), item[0])):
            heap = [(len(self.assignment[member_id]), place) for place, member_id in enumerate(ids)]
            heapq.heapify(heap)
            for topic in sorted(topics):
                for partition in sorted(self.free[topic]):
                    load, place = heap[0]
                    self.assignment[ids[place]].add((topic, partition))
                    heapq.heapreplace(heap, (load + 1, place))

    def move_one_each(self) -> bool:
        """One move in every uneven class; False when there is none."""
        moved = False
        for ids, topics in self.classes.items():
            taker = min(ids, key=lambda member_id: len(self.assignment[member_id]))
            threshold = len(self.assignment[taker]) + 2
            loaded = [member_id for member_id in ids if len(self.assignment[member_id]) >= threshold]
            for giver in sorted(loaded, key=lambda member_id: -len(self.assignment[member_id])):
                movable = [partition for partition in self.assignment[giver] if partition[0] in topics]
                if movable:
                    self.assignment[giver].remove(max(movable))
                    self.assignment[taker].add(max(movable))
                    moved = True
                    break
        return moved
