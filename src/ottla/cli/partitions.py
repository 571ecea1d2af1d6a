"""Partitions that there are, where they begin and end, and where a group is in them."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.brokers.metadata import TopicPartition

Range = tuple[int, int]
"""The first offset, and the one that the next record will have."""


async def existing(admin: "Admin", topics: Collection[str]) -> "set[TopicPartition]":
    """All partitions of those of the topics that exist."""
    from ottla.client.brokers.metadata import TopicPartition

    found = (await admin.describe_topics(topics)).succeeded
    return {
        TopicPartition(name, partition) for name, topic in found.items() for partition in topic.partitions
    }


async def ranges(admin: "Admin", partitions: "Collection[TopicPartition]") -> "dict[TopicPartition, Range]":
    """Of each. Raises KafkaError."""
    from ottla.client.admin import OffsetSpec

    beginnings = await offsets_at(admin, dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    ends = await offsets_at(admin, dict.fromkeys(partitions, OffsetSpec.LATEST))
    return {partition: (beginnings[partition], ends[partition]) for partition in partitions}


async def offsets_at(admin: "Admin", moments: "Mapping[TopicPartition, int]") -> "dict[TopicPartition, int]":
    """The first offset at or after each one's moment, -1 where there is none. Raises KafkaError."""
    found = (await admin.list_offsets(moments)).checked()
    return {partition: listed.offset for partition, listed in found.items()}


async def committed(admin: "Admin", group: str) -> "dict[TopicPartition, int]":
    """Every offset that the group has committed. Raises KafkaError."""
    offsets = (await admin.list_group_offsets(group)).one(group)
    return {partition: stored.offset for partition, stored in offsets.items()}
