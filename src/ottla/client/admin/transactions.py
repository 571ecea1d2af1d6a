"""Transactions: list, describe, abort one that hangs, fence the producers of transactional ids."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ottla.client.admin.calls import CoordinatorCalls, names, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_COORDINATOR, OF_LEADER, by_broker, settle
from ottla.client.coordinators import CoordinatorType
from ottla.client.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import describe_transactions as describing
from ottla.wire.messages import init_producer_id as initializing
from ottla.wire.messages import list_transactions as listing
from ottla.wire.messages import write_txn_markers as marking

_FENCING_TIMEOUT_MS = 1
"""Of the transaction that the fencing producer will never begin."""


class ListedTransaction(NamedTuple):
    """One line of the list."""

    transactional_id: str
    producer_id: int
    state: str
    coordinator: int


@dataclass(frozen=True, slots=True)
class TransactionDescription:
    """One transactional id, as its coordinator knows it."""

    transactional_id: str
    state: str
    producer_id: int
    producer_epoch: int
    timeout_ms: int
    start_time_ms: int
    """-1 when no transaction is open."""
    partitions: frozenset[TopicPartition]
    coordinator: int


class FencedProducer(NamedTuple):
    """The producer id and epoch that took the place of whoever had the transactional id."""

    producer_id: int
    producer_epoch: int


class TransactionCalls(CoordinatorCalls):
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
            return [
                ListedTransaction(each.transactional_id, each.producer_id, each.transaction_state, broker)
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

    async def abort_transaction(
        self, partition: TopicPartition, producer_id: int, producer_epoch: int, coordinator_epoch: int
    ) -> None:
        """Write an abort marker for a transaction that its coordinator has forgotten (KIP-664). Raises KafkaError.

        `describe_producers` tells the numbers. A transaction that is not hanging should be left to its coordinator.
        """
        marker = marking.WritableTxnMarker(
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            coordinator_epoch=coordinator_epoch,
            transaction_result=False,
            topics=[
                marking.WritableTxnMarkerTopic(name=partition.topic, partition_indexes=[partition.partition])
            ],
        )
        request = marking.WriteTxnMarkersRequest(markers=[marker])

        async def ask(broker: int, _: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            response = await self._cluster.ask(broker, request, marking.WriteTxnMarkersResponse)
            return _marked(response)

        async def attempt(left: list[TopicPartition]) -> Mapping[TopicPartition, KafkaError | None]:
            await self._cluster.refresh([partition.topic])
            return await by_broker(left, self._leader, ask)

        (await settle(self._cluster, [partition], attempt, OF_LEADER)).one(partition)


def _described(each: describing.TransactionState, coordinator: int) -> TransactionDescription | KafkaError:
    if each.error_code != ErrorCode.NONE:
        return refused(f"transactional id {each.transactional_id}", each.error_code)
    return TransactionDescription(
        each.transactional_id,
        each.transaction_state,
        each.producer_id,
        each.producer_epoch,
        each.transaction_timeout_ms,
        each.transaction_start_time_ms,
        frozenset(TopicPartition(topic.topic, index) for topic in each.topics for index in topic.partitions),
        coordinator,
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
