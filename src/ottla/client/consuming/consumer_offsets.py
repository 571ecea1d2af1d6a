"""What a consumer knows and says about offsets: where it is, what its group has stored, what the brokers have."""

from collections.abc import Collection, Iterable, Mapping

from ottla.client.brokers.metadata import TopicPartition, checked_partitions
from ottla.client.consuming.committing import Committing
from ottla.client.consuming.engine import ConsumerEngine
from ottla.client.consuming.offsets import EARLIEST, LATEST, FoundOffset
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata, checked_offsets
from ottla.core.errors import ErrorCode, KafkaError


class ConsumerOffsets:
    """The part of a consumer that has nothing to do with what its records hold."""

    _engine: ConsumerEngine

    # Positions

    async def position(self, partition: TopicPartition) -> int:
        """The offset of the next record to be handed out, found out first if need be. Raises KafkaError."""
        self._engine.check_loop()
        place = await self._engine.seeking.located(partition)
        return place.position

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from this offset. Raises KafkaError for a partition that is not read by this consumer."""
        if not isinstance(offset, int) or offset < 0:
            raise ValueError(f"{offset!r} is no offset; seek_to_beginning and seek_to_end go to the ends")
        self._engine.check_loop()
        self._engine.seeking.to_offset(partition, offset)

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go on from the first record that there still is, of these or of all."""
        self._engine.check_loop()
        await self._engine.seeking.to_time(partitions, EARLIEST)

    async def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Go on from what comes next, of these or of all."""
        self._engine.check_loop()
        await self._engine.seeking.to_time(partitions, LATEST)

    # Offsets

    async def commit(self, offsets: Mapping[TopicPartition, int | OffsetAndMetadata] | None = None) -> None:
        """Store these in the group; by default everything that was handed out. Raises KafkaError."""
        committing = self._committing()
        stored = self.positions_to_commit() if offsets is None else checked_offsets(offsets)
        await committing.commit(stored)

    async def committed(self, partition: TopicPartition) -> OffsetAndMetadata | None:
        """What the group has stored of a partition; None for nothing. Raises KafkaError."""
        self._committing()
        assert self._engine.commits is not None
        return (await self._engine.commits.committed([partition], self._engine.reader))[partition]

    def positions_to_commit(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """The position behind everything that was handed out, for a transaction that did something with it.

        Raises RejoinError while some of that is somebody else's: until the application comes for more.
        """
        self._engine.raise_if_lost()
        self._engine.reading.settle()
        return self._engine.positions.handed_out()

    def group_metadata(self) -> GroupMetadata:
        """Who this consumer is in its group, for a transaction that commits its offsets.

        Raises RejoinError while it is no member: what it has read is somebody else's then.
        """
        self._committing()
        return self._engine.group_metadata()

    async def partitions_for(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic. Raises KafkaError when there is no such topic."""
        known = await self._engine.cluster.topic(topic)
        return [TopicPartition(topic, number) for number in sorted(known.partitions)]

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that each still has."""
        return {partition: at.offset for partition, at in (await self._found(partitions, EARLIEST)).items()}

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that each one's next record will have, as far as this consumer may see."""
        return {partition: at.offset for partition, at in (await self._found(partitions, LATEST)).items()}

    async def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset | None]:
        """The first record at or after each one's moment; None where there is none."""
        checked_partitions(times_ms)
        if not all(isinstance(time_ms, int) and time_ms >= 0 for time_ms in times_ms.values()):
            raise ValueError("a moment is in milliseconds since 1970, a whole number, and not negative")
        found = await self._engine.seeking.find_offsets(times_ms)
        return {partition: at if at.offset >= 0 else None for partition, at in found.items()}

    async def _found(
        self, partitions: Iterable[TopicPartition], timestamp: int
    ) -> dict[TopicPartition, FoundOffset]:
        return await self._engine.seeking.find_offsets(
            dict.fromkeys(checked_partitions(partitions), timestamp)
        )

    def _committing(self) -> Committing:
        self._engine.check_loop()
        if self._engine.committing is None:
            fix = "give group_id, and start the consumer"
            raise KafkaError(
                ErrorCode.INVALID_GROUP_ID, f"without a group there are no committed offsets; {fix}"
            )
        return self._engine.committing
