"""How far behind each service is with the topics that it reads."""

from ottla import Admin, TopicPartition
from ottla.client.admin import OffsetSpec
from ottla_examples.orders.architectures.part import Architecture
from ottla_examples.orders.topics import PARTITIONS, TOPICS


async def lag(admin: Admin, architecture: Architecture) -> dict[str, int]:
    """Service → events that it has not dealt with. Raises KafkaError."""
    every = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
    ends = (await admin.list_offsets(dict.fromkeys(every, OffsetSpec.LATEST))).checked()
    readers = {part.service: part.reads for part in architecture.parts if part.reads}
    done = (await admin.list_group_offsets(list(readers))).checked()
    return {
        service: sum(
            end.offset - (done[service][place].offset if place in done[service] else 0)
            for place, end in ends.items()
            if place.topic in topics
        )
        for service, topics in readers.items()
    }
