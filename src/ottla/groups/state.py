"""What one partition of `__consumer_offsets` says: groups and offsets. `apply` is the only way in."""

from ottla.groups.classic.group import ClassicGroup
from ottla.groups.config import GroupConfig
from ottla.groups.consumer import writes
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.offsets.store import OffsetStore
from ottla.groups.records import consumer as consumer_records
from ottla.groups.records.classic import GroupMetadataKey, GroupMetadataValue
from ottla.groups.records.codec import GroupRecord
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.groups.topics import Topics

Group = ClassicGroup | ConsumerGroup


class GroupState:
    """All groups of one partition, and the topics that exist."""

    def __init__(self, config: GroupConfig, topics: Topics) -> None:
        self.config = config
        self.topics = topics
        self.groups: dict[str, Group] = {}
        self.offsets = OffsetStore()

    def apply(self, record: GroupRecord) -> None:
        """Take in one record, read back from the log or just appended to it."""
        match record.key:
            case OffsetCommitKey(group=group_id):
                assert isinstance(record.value, OffsetCommitValue | None)
                self.offsets.apply(record.key, record.value, record.producer_id)
                if record.value is not None:
                    self.groups.setdefault(group_id, ClassicGroup(group_id))
            case GroupMetadataKey(group=group_id):
                assert isinstance(record.value, GroupMetadataValue | None)
                self._apply_classic(group_id, record.value)
            case _:
                self._apply_consumer(record)

    def _apply_classic(self, group_id: str, value: GroupMetadataValue | None) -> None:
        group = self.groups.get(group_id)
        if value is None:
            if isinstance(group, ClassicGroup):
                del self.groups[group_id]
            return
        if not isinstance(group, ClassicGroup):
            group = self.groups[group_id] = ClassicGroup(group_id)
        group.apply(value)

    def _apply_consumer(self, record: GroupRecord) -> None:
        group_id: str = getattr(record.key, "group_id")  # noqa: B009  every key of a consumer group has one
        group = self.groups.get(group_id)
        if record.value is None:
            if not isinstance(group, ConsumerGroup):
                return
            if isinstance(record.key, consumer_records.ConsumerGroupMetadataKey):
                del self.groups[group_id]
                return
        elif not isinstance(group, ConsumerGroup):
            group = self.groups[group_id] = ConsumerGroup(group_id)
        group.apply(record)

    def end_transaction(self, producer_id: int, *, committed: bool) -> None:
        """Take in a transaction's marker."""
        self.offsets.end_transaction(producer_id, committed=committed)


def end_of_group(group: Group) -> list[GroupRecord]:
    """The end of an empty group, its offsets aside."""
    if isinstance(group, ConsumerGroup):
        return list(writes.without_group(group))
    return [GroupRecord(GroupMetadataKey(group=group.group_id), None)]
