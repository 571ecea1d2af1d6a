"""What the tests of the admin need done by somebody else: records, a member of a group, an open transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from ottla.client import Admin, TopicPartition
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    encode,
)
from ottla.groups.consumer_protocol import TopicPartition as AssignedPartitions
from ottla.records.builder import BatchBuilder
from ottla.wire.messages import add_partitions_to_txn as adding
from ottla.wire.messages import init_producer_id as initializing
from ottla.wire.messages import join_group, produce, sync_group

_LAST_FOR_CLIENTS = 3  # of AddPartitionsToTxn; newer versions are for brokers
_LAST_WITHOUT_IMPLICIT = 11  # of Produce: newer ones add the partition by themselves (KIP-890)


class OpenTransaction(NamedTuple):
    """Whose it is."""

    transactional_id: str
    producer_id: int
    producer_epoch: int


class Steps:
    """Through the admin's own connections. Retried while a coordinator is being found or loaded."""

    def __init__(self, admin: Admin) -> None:
        self.admin = admin
        self.cluster: Cluster = admin._cluster

    async def new_topic(self, name: str, partitions: int = 1, **configs: str) -> None:
        """Create it and wait until brokers know it: Apache Kafka answers before they do.

        Its records, which are of 1970, stay.
        """
        await self.admin.create_topic(name, partitions=partitions, configs={"retention.ms": "-1", **configs})

        async def is_known() -> bool:
            found = (await self.admin.describe_topics([name])).succeeded
            return name in found and all(each.leader >= 0 for each in found[name].partitions.values())

        await self.eventually(is_known)

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.05)

    async def produce(
        self, partition: TopicPartition, *values: bytes, of: OpenTransaction | None = None, sequence: int = 0
    ) -> None:
        """One batch, part of a transaction if `of` one, with timestamps 1000, 2000, …"""
        builder = BatchBuilder()
        if of is not None:
            builder = BatchBuilder(
                producer_id=of.producer_id,
                producer_epoch=of.producer_epoch,
                base_sequence=sequence,
                is_transactional=True,
            )
        for number, value in enumerate(values, 1):
            builder.append(number * 1000, None, value, ())
        data = produce.PartitionProduceData(index=partition.partition, records=builder.build())
        request = produce.ProduceRequest(
            transactional_id=of.transactional_id if of else None,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[produce.TopicProduceData(name=partition.topic, partition_data=[data])],
        )

        async def send() -> None:
            leader = self.cluster.metadata.leader(partition)
            assert leader is not None
            response = await self.cluster.ask(
                leader, request, produce.ProduceResponse, _LAST_WITHOUT_IMPLICIT
            )
            _check(response.responses[0].partition_responses[0].error_code)

        await self.cluster.retrying(send, [partition.topic])

    async def join(self, group: str, topic: str, instance_id: str | None = None) -> str:
        """Become the only member of a classic group, with partition 0 assigned; its member id."""
        subscription = encode(ConsumerProtocolSubscription(topics=[topic]))
        protocols = [join_group.JoinGroupRequestProtocol(name="range", metadata=subscription)]
        member_id = ""
        while True:
            request = join_group.JoinGroupRequest(
                group_id=group,
                session_timeout_ms=30_000,
                rebalance_timeout_ms=30_000,
                member_id=member_id,
                group_instance_id=instance_id,
                protocol_type="consumer",
                protocols=protocols,
            )
            joined = await self._at(group, CoordinatorType.GROUP, request, join_group.JoinGroupResponse)
            member_id = joined.member_id
            if joined.error_code != ErrorCode.MEMBER_ID_REQUIRED:
                break
        _check(joined.error_code)
        assigned = ConsumerProtocolAssignment(
            assigned_partitions=[AssignedPartitions(topic=topic, partitions=[0])]
        )
        share = sync_group.SyncGroupRequestAssignment(member_id=member_id, assignment=encode(assigned))
        sync = sync_group.SyncGroupRequest(
            group_id=group,
            generation_id=joined.generation_id,
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[share],
        )
        synced = await self._at(group, CoordinatorType.GROUP, sync, sync_group.SyncGroupResponse)
        _check(synced.error_code)
        return member_id

    async def open_transaction(self, transactional_id: str, partition: TopicPartition) -> OpenTransaction:
        """With one record in the partition."""
        request = initializing.InitProducerIdRequest(
            transactional_id=transactional_id, transaction_timeout_ms=60_000
        )
        kind = CoordinatorType.TRANSACTION
        started = await self._at(transactional_id, kind, request, initializing.InitProducerIdResponse)
        _check(started.error_code)
        transaction = OpenTransaction(transactional_id, started.producer_id, started.producer_epoch)
        topic = adding.AddPartitionsToTxnTopic(name=partition.topic, partitions=[partition.partition])
        add = adding.AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=transactional_id,
            v3_and_below_producer_id=started.producer_id,
            v3_and_below_producer_epoch=started.producer_epoch,
            v3_and_below_topics=[topic],
        )

        async def add_partition() -> None:
            node = await self.cluster.coordinator(transactional_id, kind)
            answer = await self.cluster.ask(node, add, adding.AddPartitionsToTxnResponse, _LAST_FOR_CLIENTS)
            results = answer.results_by_topic_v3_and_below[0].results_by_partition
            _check(results[0].partition_error_code)

        await self.cluster.retrying(add_partition)
        await self.produce(partition, b"uncommitted", of=transaction)
        return transaction

    async def _at(self, key: str, kind: CoordinatorType, request: Any, response: type[Any]) -> Any:
        async def attempt() -> Any:
            node = await self.cluster.coordinator(key, kind)
            answer = await self.cluster.ask(node, request, response)
            code = ErrorCode(answer.error_code)
            if code.retriable:
                self.cluster.forget_coordinator(key, kind)
                raise KafkaError(code)
            return answer

        return await self.cluster.retrying(attempt)


def _check(code: int) -> None:
    if code != ErrorCode.NONE:
        raise KafkaError(ErrorCode(code))
