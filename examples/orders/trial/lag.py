"""How far behind each consumer group is with the topics that it reads."""

from collections.abc import Mapping, Sequence

from ottla import Admin, TopicPartition
from ottla.client.admin import OffsetSpec
from ottla_examples.orders.topics import PARTITIONS


async def lag(admin: Admin, readers: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Group → events that it has not dealt with; `readers`: group → its topics. Raises KafkaError."""
    done = (await admin.list_group_offsets(list(readers))).checked()
    topics = {topic for read in readers.values() for topic in read}
    every = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    ends = (
        await admin.list_offsets(dict.fromkeys(every, OffsetSpec.LATEST))
    ).checked()  # asked last: never behind
    return {
        group: sum(
            end.offset - (done[group][place].offset if place in done[group] else 0)
            for place, end in ends.items()
            if place.topic in read
        )
        for group, read in readers.items()
    }
