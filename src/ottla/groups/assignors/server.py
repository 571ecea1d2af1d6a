"""The assignors that a broker offers to KIP-848 groups (`group.consumer.assignors`), by name."""

from collections.abc import Callable, Mapping

from ottla.groups.assignors.balanced import assign_balanced
from ottla.groups.assignors.member import Member
from ottla.groups.assignors.range import assign_range

Partition = tuple[bytes, int]
"""A topic's id and a partition's number."""

ServerAssignor = Callable[[list[Member[bytes]], Mapping[bytes, int]], dict[str, set[Partition]]]

SERVER_ASSIGNORS: dict[str, ServerAssignor] = {"uniform": assign_balanced, "range": assign_range}
