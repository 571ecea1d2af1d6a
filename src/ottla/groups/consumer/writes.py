"""The records of a consumer group, made."""

from collections.abc import Iterable

from ottla.groups.consumer.current import Current, Partitions, by_topic
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.records import consumer as records
from ottla.groups.records.codec import GroupRecord


def epoch(group_id: str, group_epoch: int, metadata_hash: int) -> GroupRecord:
    return GroupRecord(
        records.ConsumerGroupMetadataKey(group_id=group_id),
        records.ConsumerGroupMetadataValue(epoch=group_epoch, metadata_hash=metadata_hash),
    )


def assignment_epoch(group_id: str, group_epoch: int) -> GroupRecord:
    return GroupRecord(
        records.ConsumerGroupTargetAssignmentMetadataKey(group_id=group_id),
        records.ConsumerGroupTargetAssignmentMetadataValue(assignment_epoch=group_epoch),
    )


def member(
    group_id: str, member_id: str, value: records.ConsumerGroupMemberMetadataValue | None
) -> GroupRecord:
    return GroupRecord(records.ConsumerGroupMemberMetadataKey(group_id=group_id, member_id=member_id), value)


def target(group_id: str, member_id: str, partitions: Partitions | None) -> GroupRecord:
    key = records.ConsumerGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id)
    if partitions is None:
        return GroupRecord(key, None)
    entries = [
        records.TopicPartition(topic_id=topic_id, partitions=numbers)
        for topic_id, numbers in by_topic(partitions).items()
    ]
    return GroupRecord(key, records.ConsumerGroupTargetAssignmentMemberValue(topic_partitions=entries))


def current(group_id: str, member_id: str, value: Current | None) -> GroupRecord:
    key = records.ConsumerGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id)
    return GroupRecord(key, value.value() if value is not None else None)


def expression(
    group_id: str, text: str, value: records.ConsumerGroupRegularExpressionValue | None
) -> GroupRecord:
    key = records.ConsumerGroupRegularExpressionKey(group_id=group_id, regular_expression=text)
    return GroupRecord(key, value)


def without_member(group_id: str, member_id: str) -> list[GroupRecord]:
    """The end of a member, in the order in which Kafka writes it: what depends on the member goes first."""
    return [
        current(group_id, member_id, None),
        target(group_id, member_id, None),
        member(group_id, member_id, None),
    ]


def without_group(group: ConsumerGroup) -> Iterable[GroupRecord]:
    """The end of everything that the group has written down but its offsets."""
    for member_id in group.members.keys() | group.targets.keys() | group.currents.keys():
        yield from without_member(group.group_id, member_id)
    for text in group.expressions:
        yield expression(group.group_id, text, None)
    yield GroupRecord(records.ConsumerGroupTargetAssignmentMetadataKey(group_id=group.group_id), None)
    yield GroupRecord(
        records.ConsumerGroupPartitionMetadataKey(group_id=group.group_id), None
    )  # of Kafka 4.0
    yield GroupRecord(records.ConsumerGroupMetadataKey(group_id=group.group_id), None)
