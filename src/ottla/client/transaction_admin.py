"""Questions about transactions, asked of their coordinators and of the partitions; and the end of one that hangs.

A transaction hangs when a partition has it open and no coordinator knows of it any more (KIP-664): nobody will end it,
and readers with `isolation.level=read_committed` wait before it for ever.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Self

from ottla.client.cluster import Cluster
from ottla.client.coordinators import CoordinatorType
from ottla.client.metadata import TopicPartition
from ottla.client.settings import ClientSettings
from ottla.client.transaction_descriptions import (
    ActiveProducer,
    HangingTransaction,
    ListedTransaction,
    TransactionDescription,
    TransactionFilter,
    from_description,
    from_producers,
)
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError, error_of
from ottla.wire.messages import describe_producers, describe_transactions, list_transactions
from ottla.wire.messages import write_txn_markers as markers


class TransactionAdmin:
    """`async with TransactionAdmin("127.0.0.1:9092") as admin: await admin.describe("t1")`. Raises KafkaError."""

    def __init__(
        self, bootstrap_servers: str, settings: ClientSettings | None = None, clock: Clock | None = None
    ) -> None:
        self._cluster = Cluster(bootstrap_servers, settings or ClientSettings(), clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._cluster.close()

    def now_ms(self) -> int:
        """The client's wall clock."""
        return self._cluster.clock.now_ms()

    # Coordinators.

    async def listed(self, wanted: TransactionFilter | None = None) -> list[ListedTransaction]:
        """The transactional ids of all brokers, by name. A state that the brokers do not know is an INVALID_REQUEST."""
        await self._cluster.refresh(())
        brokers = self._cluster.metadata.brokers
        found = await asyncio.gather(
            *(self._listed_by(broker, wanted or TransactionFilter()) for broker in brokers)
        )
        return sorted((each for part in found for each in part), key=lambda each: each.transactional_id)

    async def _listed_by(self, broker: int, wanted: TransactionFilter) -> list[ListedTransaction]:
        request = list_transactions.ListTransactionsRequest(
            state_filters=list(wanted.states),
            producer_id_filters=list(wanted.producer_ids),
            duration_filter=wanted.longer_than_ms,
            transactional_id_pattern=wanted.pattern,
        )

        async def attempt() -> list[ListedTransaction]:
            response = await self._cluster.ask(broker, request, list_transactions.ListTransactionsResponse)
            _check(response.error_code, "transactions")
            if response.unknown_state_filters:
                unknown = ", ".join(response.unknown_state_filters)
                raise KafkaError(ErrorCode.INVALID_REQUEST, f"broker {broker} knows no state {unknown}")
            return [
                ListedTransaction(each.transactional_id, broker, each.producer_id, each.transaction_state)
                for each in response.transaction_states
            ]

        return await self._cluster.retrying(attempt)

    async def describe(self, transactional_id: str) -> TransactionDescription:
        """What its coordinator knows. One that does not exist is a TRANSACTIONAL_ID_NOT_FOUND."""
        request = describe_transactions.DescribeTransactionsRequest(transactional_ids=[transactional_id])

        async def attempt() -> TransactionDescription:
            coordinator = await self._cluster.coordinator(transactional_id, CoordinatorType.TRANSACTION)
            response = await self._cluster.ask(
                coordinator, request, describe_transactions.DescribeTransactionsResponse
            )
            (state,) = response.transaction_states
            if state.error_code == ErrorCode.NOT_COORDINATOR:
                self._cluster.forget_coordinator(transactional_id, CoordinatorType.TRANSACTION)
            _check(state.error_code, f"transactional id {transactional_id}")
            return from_description(state, coordinator)

        return await self._cluster.retrying(attempt)

    # Partitions.

    async def partitions(self, topics: Collection[str] | None = None) -> list[TopicPartition]:
        """All partitions of these topics; of all topics when none are named."""
        await self._cluster.refresh(topics)
        known = self._cluster.metadata.topics
        names = known if topics is None else topics
        for name in names:
            _check(known[name].error, f"topic {name}")
        return [TopicPartition(name, index) for name in sorted(names) for index in known[name].partitions]

    async def producers(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, list[ActiveProducer]]:
        """The producers that each partition remembers, as its leader knows them."""
        wanted = list(partitions)

        async def attempt() -> dict[TopicPartition, list[ActiveProducer]]:
            leaders = await self._leaders(wanted)
            found = await asyncio.gather(
                *(self._producers_at(leader, rows) for leader, rows in leaders.items())
            )
            return {partition: rows for part in found for partition, rows in part.items()}

        return await self._cluster.retrying(attempt, {partition.topic for partition in wanted})

    async def _leaders(self, partitions: Collection[TopicPartition]) -> dict[int, list[TopicPartition]]:
        """Raises KafkaError: LEADER_NOT_AVAILABLE."""
        for topic in {partition.topic for partition in partitions}:
            await self._cluster.topic(topic)
        leaders: dict[int, list[TopicPartition]] = {}
        for partition in partitions:
            leader = self._cluster.metadata.leader(partition)
            if leader is None:
                known = self._cluster.metadata.partition(partition)
                code = (
                    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if known is None else ErrorCode.LEADER_NOT_AVAILABLE
                )
                raise error_of(code, f"{partition}: {code.name}")
            leaders.setdefault(leader, []).append(partition)
        return leaders

    async def _producers_at(
        self, leader: int, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, list[ActiveProducer]]:
        topics = [
            describe_producers.TopicRequest(name=name, partition_indexes=indexes)
            for name, indexes in _by_topic(partitions).items()
        ]
        request = describe_producers.DescribeProducersRequest(topics=topics)
        response = await self._cluster.ask(leader, request, describe_producers.DescribeProducersResponse)
        found: dict[TopicPartition, list[ActiveProducer]] = {}
        for topic in response.topics:
            for each in topic.partitions:
                partition = TopicPartition(topic.name, each.partition_index)
                _check(each.error_code, str(partition))
                found[partition] = from_producers(each.active_producers)
        return found

    async def abort(self, partition: TopicPartition, start_offset: int) -> ActiveProducer:
        """End the transaction that begins at this offset of the partition, in this partition alone.

        The marker has the epoch that the partition has seen, so that it is refused if the producer has gone on. Returns
        whose it was. RESOURCE_NOT_FOUND: no open transaction begins there.
        """
        found = (await self.producers([partition]))[partition]
        producer = next((each for each in found if each.transaction_start_offset == start_offset), None)
        if producer is None:
            text = f"no open transaction begins at offset {start_offset} of {partition}"
            raise error_of(ErrorCode.RESOURCE_NOT_FOUND, text)
        marker = markers.WritableTxnMarker(
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            coordinator_epoch=max(producer.coordinator_epoch, 0),
            topics=[
                markers.WritableTxnMarkerTopic(name=partition.topic, partition_indexes=[partition.partition])
            ],
        )
        await self._mark(partition, marker)
        return producer

    async def _mark(self, partition: TopicPartition, marker: markers.WritableTxnMarker) -> None:
        request = markers.WriteTxnMarkersRequest(markers=[marker])

        async def attempt() -> None:
            (leader,) = await self._leaders([partition])
            response = await self._cluster.ask(leader, request, markers.WriteTxnMarkersResponse)
            _check(response.markers[0].topics[0].partitions[0].error_code, str(partition))

        await self._cluster.retrying(attempt, {partition.topic})

    # Both.

    async def hanging(
        self, partitions: Iterable[TopicPartition], silent_for_ms: int
    ) -> list[HangingTransaction]:
        """Open transactions that nobody wrote to for so long and that no coordinator knows of."""
        before_ms = self.now_ms() - silent_for_ms
        suspects = [
            HangingTransaction(partition, producer)
            for partition, producers in (await self.producers(partitions)).items()
            for producer in producers
            if producer.transaction_start_offset is not None and producer.last_timestamp_ms < before_ms
        ]
        known = await self._known({each.producer.producer_id for each in suspects})
        return [each for each in suspects if each.partition not in known.get(each.producer.producer_id, ())]

    async def _known(self, producer_ids: Collection[int]) -> Mapping[int, Collection[TopicPartition]]:
        """By producer id, the partitions that belong to its transaction as its coordinator knows it."""
        if not producer_ids:
            return {}
        known: dict[int, Collection[TopicPartition]] = {}
        for each in await self.listed(TransactionFilter(producer_ids=tuple(producer_ids))):
            try:
                known[each.producer_id] = (await self.describe(each.transactional_id)).partitions
            except KafkaError as error:
                if error.code is not ErrorCode.TRANSACTIONAL_ID_NOT_FOUND:  # it has just been forgotten
                    raise
        return known


def _by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    topics: dict[str, list[int]] = {}
    for topic, index in partitions:
        topics.setdefault(topic, []).append(index)
    return topics


def _check(code: int, what: str) -> None:
    if code != ErrorCode.NONE:
        error = ErrorCode(code)
        raise error_of(error, f"{what}: {error.name}")
