"""`range`: each topic's partitions in contiguous runs, the same run of every topic to the same member."""

from collections.abc import Mapping

from ottla.groups.assignors.member import Member, TopicT, subscribers


def assign_range(
    members: list[Member[TopicT]], partition_counts: Mapping[TopicT, int]
) -> dict[str, set[tuple[TopicT, int]]]:
    """Topics with the same subscribers and partition count are split alike, so that they can be joined by partition."""
    assignment: dict[str, set[tuple[TopicT, int]]] = {member.member_id: set() for member in members}
    for topic, wanting in subscribers(members).items():
        share, extra = divmod(partition_counts.get(topic, 0), len(wanting))
        first = 0
        for place, member in enumerate(wanting):
            end = first + share + (place < extra)
            assignment[member.member_id].update((topic, partition) for partition in range(first, end))
            first = end
    return assignment
