"""`roundrobin`: all partitions of all topics in a row, dealt to the members in turn."""

from collections.abc import Mapping

from ottla.groups.assignors.member import Member, TopicT


def assign_round_robin(
    members: list[Member[TopicT]], partition_counts: Mapping[TopicT, int]
) -> dict[str, set[tuple[TopicT, int]]]:
    """A member that does not want a topic is passed over."""
    assignment: dict[str, set[tuple[TopicT, int]]] = {member.member_id: set() for member in members}
    circle = sorted(members, key=lambda member: member.order)
    turn = 0
    for topic in sorted({topic for member in members for topic in member.topics}):
        for partition in range(partition_counts.get(topic, 0)):
            while topic not in circle[turn % len(circle)].topics:
                turn += 1
            assignment[circle[turn % len(circle)].member_id].add((topic, partition))
            turn += 1
    return assignment
