"""The requests of a transaction to its coordinator and to the group's, repeated until they have an answer."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.settings import ProducerSettings
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.idempotence import NO_IDENTITY, ProducerIdentity
from ottla.client.producing.identifying import MAX_INIT_PRODUCER_ID_VERSION
from ottla.client.transactions.errors import Verdict, exception, verdict
from ottla.core.errors import (
    AbortableError,
    ErrorCode,
    FatalError,
    KafkaError,
    RequestTimedOutError,
    UnsupportedVersionError,
)
from ottla.core.limits import CONCURRENT_BACKOFF_SECONDS
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from ottla.wire.messages.end_txn import EndTxnRequest, EndTxnResponse
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)

Answer = TypeVar("Answer")
Codes = list[tuple[str, ErrorCode]]
"""What was asked about, and what the answer says of it."""

_FIRST_WITH_IDENTITY = 3
_FIRST_WITH_MEMBER = 3
_LAST_OF_CLIENTS = 3
_LAST_END_TXN_OF_FIRST_PROTOCOL = 4
_LAST_OFFSET_COMMIT_OF_FIRST_PROTOCOL = 4


class TransactionRequests:
    """Raises AbortableError, FatalError, or RequestTimedOutError when there is no answer in `max.block.ms`."""

    def __init__(self, cluster: Cluster, settings: ProducerSettings, transactional_id: str) -> None:
        self._cluster = cluster
        self._settings = settings
        self._id = transactional_id

    async def version(self) -> int:
        """Of the protocol that the coordinator speaks: 2 with transaction.version 2 (KIP-890), else 1."""

        async def ask(node: int) -> tuple[Codes, int]:
            broker = await self._cluster.versions(node)
            knows_second = broker.level("transaction.version") >= 2 and broker.highest("EndTxn") > 4
            return [], 2 if knows_second else 1

        return await self._answer("EndTxn", ask)

    async def init_producer_id(self, identity: ProducerIdentity = NO_IDENTITY) -> ProducerIdentity:
        """A new epoch of this transactional id; with an identity only if that is still the current one (KIP-360)."""

        def request(version: int) -> InitProducerIdRequest:
            made = InitProducerIdRequest(
                transactional_id=self._id, transaction_timeout_ms=self._settings.transaction_timeout_ms
            )
            if version >= _FIRST_WITH_IDENTITY:
                made.producer_id, made.producer_epoch = identity
            return made

        async def ask(node: int) -> tuple[Codes, ProducerIdentity]:
            response = await self._cluster.ask(
                node, request, InitProducerIdResponse, MAX_INIT_PRODUCER_ID_VERSION
            )
            codes = [(f"transactional id {self._id}", ErrorCode(response.error_code))]
            return codes, ProducerIdentity(response.producer_id, response.producer_epoch)

        return await self._answer("InitProducerId", ask)

    async def add_partitions(self, identity: ProducerIdentity, partitions: Iterable[TopicPartition]) -> None:
        """First protocol: they are part of the transaction from now on."""
        topics: defaultdict[str, list[int]] = defaultdict(list)
        for topic, partition in sorted(partitions):
            topics[topic].append(partition)
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self._id,
            v3_and_below_producer_id=identity.producer_id,
            v3_and_below_producer_epoch=identity.producer_epoch,
            v3_and_below_topics=[
                AddPartitionsToTxnTopic(name=name, partitions=indexes) for name, indexes in topics.items()
            ],
        )

        async def ask(node: int) -> tuple[Codes, None]:
            response = await self._cluster.ask(node, request, AddPartitionsToTxnResponse, _LAST_OF_CLIENTS)
            codes = [
                (f"{topic.name}-{answer.partition_index}", ErrorCode(answer.partition_error_code))
                for topic in response.results_by_topic_v3_and_below
                for answer in topic.results_by_partition
            ]
            return codes, None

        await self._answer("AddPartitionsToTxn", ask)

    async def add_offsets(self, identity: ProducerIdentity, group_id: str) -> None:
        """First protocol: the group's offsets are part of the transaction from now on."""
        request = AddOffsetsToTxnRequest(
            transactional_id=self._id,
            producer_id=identity.producer_id,
            producer_epoch=identity.producer_epoch,
            group_id=group_id,
        )

        async def ask(node: int) -> tuple[Codes, None]:
            response = await self._cluster.ask(node, request, AddOffsetsToTxnResponse)
            return [(f"group {group_id}", ErrorCode(response.error_code))], None

        await self._answer("AddOffsetsToTxn", ask)

    async def commit_offsets(
        self,
        identity: ProducerIdentity,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
        group: GroupMetadata,
        protocol: int,
    ) -> None:
        """They become the group's when the transaction is committed, unless the member has been replaced."""

        def request(version: int) -> TxnOffsetCommitRequest:
            made = TxnOffsetCommitRequest(
                transactional_id=self._id,
                group_id=group.group_id,
                producer_id=identity.producer_id,
                producer_epoch=identity.producer_epoch,
                topics=_offset_topics(offsets),
            )
            if version >= _FIRST_WITH_MEMBER:
                made.generation_id, made.member_id = group.generation_id, group.member_id
                made.group_instance_id = group.group_instance_id
            elif group.member_id:
                problem = "the broker is too old to fence consumers in transactions (KIP-447)"
                raise UnsupportedVersionError(ErrorCode.UNSUPPORTED_VERSION, problem)
            return made

        max_version = None if protocol >= 2 else _LAST_OFFSET_COMMIT_OF_FIRST_PROTOCOL

        async def ask(node: int) -> tuple[Codes, None]:
            response = await self._cluster.ask(node, request, TxnOffsetCommitResponse, max_version)
            codes = [
                (
                    f"group {group.group_id}, {topic.name}-{answer.partition_index}",
                    ErrorCode(answer.error_code),
                )
                for topic in response.topics
                for answer in topic.partitions
            ]
            return codes, None

        await self._answer("TxnOffsetCommit", ask, group.group_id)

    async def end(
        self, identity: ProducerIdentity, protocol: int, *, committed: bool
    ) -> ProducerIdentity | None:
        """The outcome is decided; with the second protocol returns the identity for what comes next."""
        request = EndTxnRequest(
            transactional_id=self._id,
            producer_id=identity.producer_id,
            producer_epoch=identity.producer_epoch,
            committed=committed,
        )
        max_version = None if protocol >= 2 else _LAST_END_TXN_OF_FIRST_PROTOCOL

        async def ask(node: int) -> tuple[Codes, ProducerIdentity | None]:
            response = await self._cluster.ask(node, request, EndTxnResponse, max_version)
            following = ProducerIdentity(response.producer_id, response.producer_epoch)
            codes = [(f"transactional id {self._id}", ErrorCode(response.error_code))]
            return codes, following if following.producer_id >= 0 else None

        return await self._answer("EndTxn", ask)

    async def _answer(
        self, api: str, ask: Callable[[int], Awaitable[tuple[Codes, Answer]]], group_id: str | None = None
    ) -> Answer:
        """The answer of whoever coordinates the transactional id, or the group."""
        kind = CoordinatorType.TRANSACTION if group_id is None else CoordinatorType.GROUP
        key = group_id or self._id
        give_up_at = self._cluster.clock.monotonic() + self._settings.max_block_ms / 1000
        attempts = 0
        while True:
            try:
                node = await self._cluster.coordinator(key, kind)
                codes, answer = await ask(node)
                if (problem := _judged(api, codes, node)) is None:
                    return answer
                look_up = verdict(api, problem.code) is Verdict.LOOK_UP
            except KafkaError as error:
                may_pass = error.retriable or error.code == ErrorCode.BROKER_NOT_AVAILABLE
                if isinstance(error, AbortableError | FatalError) or not may_pass:
                    raise
                problem, look_up = error, True
            if look_up:
                self._cluster.forget_coordinator(key, kind)
            attempts += 1
            delay = backoff_seconds(self._settings, attempts)
            if problem.code == ErrorCode.CONCURRENT_TRANSACTIONS:
                delay = min(delay, CONCURRENT_BACKOFF_SECONDS)
            if self._cluster.clock.monotonic() + delay > give_up_at:
                text = f"{api} of {self._id} not answered in {self._settings.max_block_ms} ms: {problem}"
                raise RequestTimedOutError(ErrorCode.REQUEST_TIMED_OUT, text, api=api)
            await asyncio.sleep(delay)


_SEVERITY = (Verdict.FATAL, Verdict.ABORT, Verdict.LOOK_UP, Verdict.AGAIN)


def _judged(api: str, codes: Codes, broker: int) -> KafkaError | None:
    """The gravest of the codes, raised if it is the end; None when all is well."""
    bad = [(what, code) for what, code in codes if code != ErrorCode.NONE]
    not_attempted = ErrorCode.OPERATION_NOT_ATTEMPTED
    bad = [(what, code) for what, code in bad if code != not_attempted] or bad
    if not bad:
        return None
    what, code = min(bad, key=lambda each: _SEVERITY.index(verdict(api, each[1])))
    message = f"{what}: {code.name}: {code.message}"
    if verdict(api, code) in (Verdict.FATAL, Verdict.ABORT):
        raise exception(api, code, message, broker)
    return KafkaError(code, message, broker=broker, api=api)


def _offset_topics(offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> list[TxnOffsetCommitRequestTopic]:
    topics: defaultdict[str, list[TxnOffsetCommitRequestPartition]] = defaultdict(list)
    for (topic, partition), position in offsets.items():
        topics[topic].append(
            TxnOffsetCommitRequestPartition(
                partition_index=partition,
                committed_offset=position.offset,
                committed_leader_epoch=position.leader_epoch,
                committed_metadata=position.metadata,
            )
        )
    return [TxnOffsetCommitRequestTopic(name=name, partitions=each) for name, each in topics.items()]
