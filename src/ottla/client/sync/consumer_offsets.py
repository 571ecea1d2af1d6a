"""What a blocking consumer knows and says about offsets: where it is, what its group has, what the brokers have."""

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.consumer import Consumer as AsyncConsumer
from ottla.client.consuming.offsets import FoundOffset
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.sync.client import SyncClient

K = TypeVar("K")
V = TypeVar("V")


class ConsumerOffsets(SyncClient[AsyncConsumer[K, V]], Generic[K, V]):
    """The part of a consumer that has nothing to do with what its records hold."""

    # Positions

    def position(self, partition: TopicPartition) -> int:
        """The offset of the next record to be handed out, found out first if need be. Raises KafkaError."""
        return self._ask(self._client.position(partition))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from this offset. Raises KafkaError for a partition that is not read by this consumer."""
        self._call(self._client.seek, partition, offset)

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go on from the first record that there still is, of these or of all."""
        self._ask(self._client.seek_to_beginning(*partitions))

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Go on from what comes next, of these or of all."""
        self._ask(self._client.seek_to_end(*partitions))

    # Offsets

    def commit(self, offsets: Mapping[TopicPartition, int | OffsetAndMetadata] | None = None) -> None:
        """Store these in the group; by default everything that was handed out. Raises KafkaError."""
        self._ask(self._client.commit(offsets))

    def committed(self, partition: TopicPartition) -> OffsetAndMetadata | None:
        """What the group has stored of a partition; None for nothing. Raises KafkaError."""
        return self._ask(self._client.committed(partition))

    def positions_to_commit(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """The position behind everything that was handed out, for a transaction that did something with it."""
        return self._call(self._client.positions_to_commit)

    def group_metadata(self) -> GroupMetadata:
        """Who this consumer is in its group, for a transaction that commits its offsets."""
        return self._call(self._client.group_metadata)

    def partitions_for(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic. Raises KafkaError when there is no such topic."""
        return self._ask(self._client.partitions_for(topic))

    def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that each still has."""
        return self._ask(self._client.beginning_offsets(partitions))

    def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that each one's next record will have, as far as this consumer may see."""
        return self._ask(self._client.end_offsets(partitions))

    def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset | None]:
        """The first record at or after each one's moment; None where there is none."""
        return self._ask(self._client.offsets_for_times(times_ms))
