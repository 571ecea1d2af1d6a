"""What a transaction is told of a consumer: which offsets it has reached, and as whom (KIP-447)."""

from collections.abc import Mapping
from dataclasses import dataclass

from ottla.client.brokers.metadata import TopicPartition, checked_partitions


@dataclass(frozen=True, slots=True)
class GroupMetadata:
    """A group's member at one moment. With it the coordinator refuses offsets of one who has been replaced."""

    group_id: str
    generation_id: int = -1
    """The generation, or with KIP-848 the member epoch; -1 when nobody shares the group."""
    member_id: str = ""
    group_instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class OffsetAndMetadata:
    """What is committed for one partition: the offset of the next record to read, and a note."""

    offset: int
    leader_epoch: int = -1
    """Of the last record read; -1 when it is not known."""
    metadata: str = ""


def checked_offsets(
    offsets: Mapping[TopicPartition, int | OffsetAndMetadata],
) -> dict[TopicPartition, OffsetAndMetadata]:
    """What is to be committed. Raises TypeError or ValueError for what cannot be a partition or its offset."""
    if not isinstance(offsets, Mapping):
        raise TypeError(f'{offsets!r} is no dict of offsets; give {{TopicPartition("orders", 0): 42}}')
    found: dict[TopicPartition, OffsetAndMetadata] = {}
    for partition, what in zip(checked_partitions(offsets), offsets.values(), strict=True):
        entry = OffsetAndMetadata(what) if isinstance(what, int) else what
        if not isinstance(entry, OffsetAndMetadata) or entry.offset < 0:
            raise ValueError(
                f"{what!r} is no offset to commit; give a number from 0 on, or OffsetAndMetadata(…)"
            )
        found[partition] = entry
    return found
