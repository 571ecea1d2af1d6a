"""Transactions: list, describe, abort one that hangs, fence the producers of transactional ids."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ottla.client.admin.arguments import names
from ottla.client.admin.calls import CoordinatorCalls, refused
from ottla.client.admin.producers import ProducerCalls, ProducerState
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_COORDINATOR, OF_LEADER, by_broker, settle
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import describe_transactions as describing
from ottla.wire.messages import init_producer_id as initializing
from ottla.wire.messages import list_transactions as listing
from ottla.wire.messages import write_txn_markers as marking

_FENCING_TIMEOUT_MS = 1
"""Of the transaction that the fencing producer will never begin."""


class ListedTransaction(NamedTuple):
    """One transactional id, and the broker that coordinates it."""

    transactional_id: str
    coordinator: int
    producer_id: int
    state: str


class TransactionDescription(NamedTuple):
    """What the coordinator of a transactional id knows."""

    transactional_id: str
    coordinator: int
    state: str
    producer_id: int
    producer_epoch: int
    timeout_ms: int
    start_ms: int | None
    """When the transaction began; None when there is none."""
    partitions: tuple[TopicPartition, ...]
    """Those that are part of it; while it is ending, those that are still to be told."""


class FencedProducer(NamedTuple):
    """The producer id and epoch that took the place of whoever had the transactional id."""

    producer_id: int
    producer_epoch: int


class HangingTransaction(NamedTuple):
    """An open transaction that nobody will end."""

    partition: TopicPartition
    producer: ProducerState


class TransactionCalls(CoordinatorCalls, ProducerCalls):
    """Of the Admin."""

    async def list_transactions(
        self,
        *,
        states: Iterable[str] = (),
        producer_ids: Iterable[int] = (),
        running_longer_than_ms: int = -1,
        pattern: str | None = None,
    ) -> list[ListedTransaction]:
        """Of all brokers, by transactional id; a pattern is RE2's and matches the whole id. Raises KafkaError."""
        only_states, only_ids = list(states), list(producer_ids)

        def request(version: int) -> listing.ListTransactionsRequest:
            lacks = (version < 1 and running_longer_than_ms >= 0) or (version < 2 and pattern is not None)
            if lacks:
                problem = "the broker is too old to choose transactions by duration or pattern"
                raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, problem)
            return listing.ListTransactionsRequest(
                state_filters=only_states,
                producer_id_filters=only_ids,
                duration_filter=running_longer_than_ms,
                transactional_id_pattern=pattern,
            )

        async def listed_by(broker: int) -> list[ListedTransaction]:
            response = await self._cluster.ask(broker, request, listing.ListTransactionsResponse)
            if response.error_code != ErrorCode.NONE:
                raise refused(f"transactions of broker {broker}", response.error_code)
            if response.unknown_state_filters:
                unknown = ", ".join(response.unknown_state_filters)
                raise KafkaError(ErrorCode.INVALID_REQUEST, f"broker {broker} knows no state {unknown}")
            return [
                ListedTransaction(each.transactional_id, broker, each.producer_id, each.transaction_state)
                for each in response.transaction_states
            ]

        async def attempt() -> list[ListedTransaction]:
            await self._cluster.refresh(())
            found = await asyncio.gather(*map(listed_by, self._cluster.metadata.brokers))
            return sorted(each for transactions in found for each in transactions)

        return await self._cluster.retrying(attempt)

    async def describe_transactions(
        self, transactional_ids: str | Iterable[str]
    ) -> Results[str, TransactionDescription]:
        """State, producer and partitions of each."""

        async def ask(broker: int, left: list[str]) -> Mapping[str, TransactionDescription | KafkaError]:
            request = describing.DescribeTransactionsRequest(transactional_ids=left)
            response = await self._cluster.ask(broker, request, describing.DescribeTransactionsResponse)
            return self._noted(
                {each.transactional_id: _described(each, broker) for each in response.transaction_states},
                CoordinatorType.TRANSACTION,
            )

        async def attempt(left: list[str]) -> Mapping[str, TransactionDescription | KafkaError]:
            return await by_broker(left, self._transaction_coordinator, ask)

        return await settle(self._cluster, names(transactional_ids), attempt, OF_COORDINATOR)

    async def fence_producers(self, transactional_ids: str | Iterable[str]) -> Results[str, FencedProducer]:
        """Take each id over: its producer can write no more, and its open transaction is aborted (KIP-360)."""

        async def fence(name: str) -> FencedProducer | KafkaError:
            request = initializing.InitProducerIdRequest(
                transactional_id=name, transaction_timeout_ms=_FENCING_TIMEOUT_MS
            )
            coordinator = await self._transaction_coordinator(name)
            response = await self._cluster.ask(coordinator, request, initializing.InitProducerIdResponse)
            if response.error_code != ErrorCode.NONE:
                return refused(f"transactional id {name}", response.error_code)
            return FencedProducer(response.producer_id, response.producer_epoch)

        async def attempt(left: list[str]) -> Mapping[str, FencedProducer | KafkaError]:
            answers = await asyncio.gather(*map(fence, left))
            return self._noted(dict(zip(left, answers, strict=True)), CoordinatorType.TRANSACTION)

        again = OF_COORDINATOR | {ErrorCode.CONCURRENT_TRANSACTIONS}
        return await settle(self._cluster, names(transactional_ids), attempt, again)

    async def abort_transaction(self, partition: TopicPartition, start_offset: int) -> ProducerState:
        """End the transaction that begins at this offset of the partition, in this partition alone (KIP-664).

        For one that hangs: another should be left to its coordinator. The marker has the epoch that the partition has
        seen, so it is refused when the producer has gone on. Returns whose it was. Raises KafkaError, NotFoundError
        when no open transaction begins there.
        """
        found = (await self.describe_producers([partition])).one(partition)
        producer = next((each for each in found if each.transaction_start_offset == start_offset), None)
        if producer is None:
            text = f"no open transaction begins at offset {start_offset} of {partition}"
            raise KafkaError(ErrorCode.RESOURCE_NOT_FOUND, text)
        marker = marking.WritableTxnMarker(
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            coordinator_epoch=max(producer.coordinator_epoch, 0),
            transaction_result=False,
            topics=[
                marking.WritableTxnMarkerTopic(name=partition.topic, partition_indexes=[partition.partition])
            ],
        )
        (await self._mark(partition, marker)).one(partition)
        return producer

    async def _mark(
        self, partition: TopicPartition, marker: marking.WritableTxnMarker
    ) -> Results[TopicPartition, None]:
        request = marking.WriteTxnMarkersRequest(markers=[marker])

        async def ask(broker: int, _: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            return _marked(await self._cluster.ask(broker, request, marking.WriteTxnMarkersResponse))

        async def attempt(left: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            await self._cluster.refresh([partition.topic])
            return await by_broker(left, self._leader, ask)

        return await settle(self._cluster, [partition], attempt, OF_LEADER)

    async def find_hanging_transactions(
        self, partitions: Iterable[TopicPartition], *, silent_for_ms: int
    ) -> list[HangingTransaction]:
        """Open transactions that nobody wrote to for so long and that no coordinator knows of. Raises KafkaError.

        Nobody will end them, and readers of committed records wait before them for ever.
        """
        before_ms = self._cluster.clock.now_ms() - silent_for_ms
        suspects = [
            HangingTransaction(partition, producer)
            for partition, producers in (await self.describe_producers(partitions)).checked().items()
            for producer in producers
            if producer.transaction_start_offset is not None and producer.last_timestamp_ms < before_ms
        ]
        known = await self._in_transactions({each.producer.producer_id for each in suspects})
        return [each for each in suspects if (each.producer.producer_id, each.partition) not in known]

    async def _in_transactions(self, producer_ids: set[int]) -> set[tuple[int, TopicPartition]]:
        """Producer ids and the partitions of their transactions, as the coordinators know them."""
        if not producer_ids:
            return set()
        listed = await self.list_transactions(producer_ids=producer_ids)
        described = await self.describe_transactions([each.transactional_id for each in listed])
        for error in described.failed.values():
            if error.code != ErrorCode.TRANSACTIONAL_ID_NOT_FOUND:  # it has just been forgotten
                raise error
        found = described.succeeded.values()
        return {(each.producer_id, partition) for each in found for partition in each.partitions}


def _described(each: describing.TransactionState, coordinator: int) -> TransactionDescription | KafkaError:
    if each.error_code != ErrorCode.NONE:
        return refused(f"transactional id {each.transactional_id}", each.error_code)
    return TransactionDescription(
        each.transactional_id,
        coordinator,
        each.transaction_state,
        each.producer_id,
        each.producer_epoch,
        each.transaction_timeout_ms,
        each.transaction_start_time_ms if each.transaction_start_time_ms >= 0 else None,
        tuple(TopicPartition(topic.topic, index) for topic in each.topics for index in topic.partitions),
    )


def _marked(response: marking.WriteTxnMarkersResponse) -> dict[TopicPartition, KafkaError | None]:
    answers: dict[TopicPartition, KafkaError | None] = {}
    for marker in response.markers:
        for topic in marker.topics:
            for partition in topic.partitions:
                item = TopicPartition(topic.name, partition.partition_index)
                is_done = partition.error_code == ErrorCode.NONE
                answers[item] = None if is_done else refused(str(item), partition.error_code)
    return answers
