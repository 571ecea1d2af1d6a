"""What an assignor needs to know of one member. Topics are named by name in clients and by id in the broker."""

from dataclasses import dataclass
from typing import Generic, TypeVar

TopicT = TypeVar("TopicT", str, bytes)


@dataclass(frozen=True, slots=True)
class Member(Generic[TopicT]):
    """One member of the group."""

    member_id: str
    topics: frozenset[TopicT]
    """What it wants."""
    owned: frozenset[tuple[TopicT, int]] = frozenset()
    """What it had, or is to have by the assignment before this one."""
    instance_id: str | None = None

    @property
    def order(self) -> tuple[bool, str]:
        """Static members come first and keep their place when they return under another member id."""
        return (self.instance_id is None, self.instance_id or self.member_id)


def subscribers(members: list[Member[TopicT]]) -> dict[TopicT, list[Member[TopicT]]]:
    """For every topic that anybody wants, who wants it, in the members' order."""
    found: dict[TopicT, list[Member[TopicT]]] = {}
    for member in sorted(members, key=lambda member: member.order):
        for topic in member.topics:
            found.setdefault(topic, []).append(member)
    return found
