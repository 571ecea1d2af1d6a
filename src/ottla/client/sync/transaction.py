"""One transaction as a `with` block, for programs without asyncio."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.delivery import RecordMetadata
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.record_encoding import GivenHeaders
from ottla.client.producing.sent_records import SentRecords
from ottla.client.sync.delivery import Delivery
from ottla.client.transactions.transaction import Transaction as AsyncTransaction

if TYPE_CHECKING:
    from ottla.client.sync.producer import Producer


Step = Callable[[], Coroutine[Any, Any, object]]


class Transaction:
    """Made by `producer.transaction(…)`: committed at the end of the block, aborted when the block raises."""

    def __init__(
        self,
        producer: "Producer",
        transaction: AsyncTransaction,
        run: Callable[[Step], object],
    ) -> None:
        self._producer = producer
        self._transaction = transaction
        self._run = run

    def __enter__(self) -> Self:
        self._run(self._transaction.__aenter__)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, with the consumer's positions; or abort. What the block raised goes on in any case."""
        self._run(lambda: self._transaction.__aexit__(kind, error, trace))

    def send(
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
        return self._producer.send(
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

    def send_many(
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
        return self._producer.send_many(
            topic, values, keys=keys, headers=headers, partition=partition, timestamp_ms=timestamp_ms
        )

    def send_offsets(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: GroupMetadata) -> None:
        """As `Producer.send_offsets_to_transaction`; not needed for the consumer that the transaction was given."""
        self._producer.send_offsets_to_transaction(offsets, group)
