"""One transaction as an `async with`: committed at the end of the block, aborted when the block raises."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.delivery import Delivery, RecordMetadata
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.record_encoding import GivenHeaders
from ottla.client.producing.sent_records import SentRecords
from ottla.core.errors import FatalError, KafkaError

if TYPE_CHECKING:
    from ottla.client.producing.producer import Producer


class TransactedConsumer(Protocol):
    """What a transaction asks of the consumer whose progress it commits."""

    def positions_to_commit(self) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """The next offset of each partition."""

    def group_metadata(self) -> GroupMetadata:
        """As whom."""


class Transaction:
    """Made by `producer.transaction(…)`."""

    def __init__(self, producer: "Producer", consumer: TransactedConsumer | None) -> None:
        if consumer is not None and not hasattr(consumer, "positions_to_commit"):
            raise TypeError(
                f"{consumer!r} is no consumer; give transaction() the one whose progress it commits"
            )
        self._producer = producer
        self._consumer = consumer

    async def __aenter__(self) -> Self:
        await self._producer.begin_transaction()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, with the consumer's positions; or abort. What the block raised goes on in any case."""
        if error is None:
            await self._commit()
            return
        try:
            await self._abort_if_possible()
        except KafkaError as failure:
            error.add_note(f"and the transaction could not be aborted: {failure}")

    async def send(
        self,
        topic: AnyTopic,
        value: Any,  # noqa: ANN401
        *,
        key: Any = None,  # noqa: ANN401
        headers: GivenHeaders | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> RecordMetadata:
        """As `Producer.send`."""
        return await self._producer.send(
            topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
        )

    def send_nowait(
        self,
        topic: AnyTopic,
        value: Any,  # noqa: ANN401
        *,
        key: Any = None,  # noqa: ANN401
        headers: GivenHeaders | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Delivery:
        """As `Producer.send_nowait`; the commit waits for it."""
        return self._producer.send_nowait(
            topic, value, key=key, headers=headers, partition=partition, timestamp_ms=timestamp_ms
        )

    async def send_many(
        self,
        topic: AnyTopic,
        values: Sequence[Any],
        *,
        keys: Sequence[Any] | None = None,
        headers: Sequence[GivenHeaders | None] | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> SentRecords:
        """As `Producer.send_many`."""
        return await self._producer.send_many(
            topic, values, keys=keys, headers=headers, partition=partition, timestamp_ms=timestamp_ms
        )

    async def send_offsets(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: GroupMetadata
    ) -> None:
        """As `Producer.send_offsets_to_transaction`; not needed for the consumer that the transaction was given."""
        await self._producer.send_offsets_to_transaction(offsets, group)

    async def _commit(self) -> None:
        try:
            if self._consumer is not None:
                positions = self._consumer.positions_to_commit()
                await self._producer.send_offsets_to_transaction(positions, self._consumer.group_metadata())
            await self._producer.commit_transaction()
        except FatalError:
            raise
        except BaseException as error:
            await self._abort_after(error)
            raise

    async def _abort_after(self, error: BaseException) -> None:
        """A commit that was asked for and not answered must not be followed by an abort (rule 5 of the machine)."""
        try:
            await self._abort_if_possible()
        except KafkaError as failure:
            error.add_note(f"and the transaction could not be aborted: {failure}")

    async def _abort_if_possible(self) -> None:
        if self._producer.may_abort:
            await self._producer.abort_transaction()
