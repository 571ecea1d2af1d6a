"""What a transaction is told of a consumer: which offsets it has reached, and as whom (KIP-447)."""

from dataclasses import dataclass


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
