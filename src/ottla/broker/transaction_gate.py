"""Whether a partition is part of a producer's ongoing transaction (KIP-890): its coordinator is asked.

Partitions do not take transactional records on the producer's word alone: one that came late would begin a transaction
that nobody ends. Old clients have added the partition themselves, and that is verified; clients of transaction version
2 leave the adding to the partition.
"""

import asyncio
from collections.abc import Collection, Mapping

from ottla.broker.admission import ADDS_PARTITIONS_SINCE, Named
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_requests import ask
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnResult,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)

_BROKERS_VERSION = 5
"""The version of AddPartitionsToTxn in which brokers ask each other."""
ADDS_GROUPS_SINCE = 5
"""The version of TxnOffsetCommit that adds its group to the transaction."""


class CoordinatorsGate:
    """Asks this broker's coordinators."""

    def __init__(self, transactions: TransactionCoordinators, config: BrokerConfig, clock: Clock) -> None:
        self._transactions = transactions
        self._config = config
        self._clock = clock

    async def admit(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        partitions: Collection[Named],
        produce_version: int,
    ) -> Mapping[Named, ErrorCode]:
        """What the coordinator says of each, for a Produce of this version."""
        transaction = _transaction(transactional_id, producer_id, producer_epoch, partitions)
        return await self._decide(transaction, adds=produce_version >= ADDS_PARTITIONS_SINCE)

    async def admit_offsets(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        partition: Named,
        commit_version: int,
    ) -> ErrorCode:
        """What the coordinator says of a group's partition, for a TxnOffsetCommit of this version."""
        transaction = _transaction(transactional_id, producer_id, producer_epoch, [partition])
        answers = await self._decide(transaction, adds=commit_version >= ADDS_GROUPS_SINCE)
        return answers[partition]

    async def _decide(
        self, transaction: AddPartitionsToTxnTransaction, *, adds: bool
    ) -> dict[Named, ErrorCode]:
        """While the previous transaction is still ending, wait a little: its producer need not know that it is."""
        if not adds and not self._config.boolean("transaction.partition.verification.enable"):
            return dict.fromkeys(_partitions(transaction), ErrorCode.NONE)
        transaction.verify_only = not adds
        pause = self._config.integer("add.partitions.to.txn.retry.backoff.ms") / 1000
        until = (
            self._clock.monotonic()
            + self._config.integer("add.partitions.to.txn.retry.backoff.max.ms") / 1000
        )
        while True:
            answers = await self._ask(transaction)
            is_ending = ErrorCode.CONCURRENT_TRANSACTIONS in answers.values()
            if not adds or not is_ending or self._clock.monotonic() + pause > until:
                return answers
            await self._wait(transaction.transactional_id, pause)

    async def _wait(self, transactional_id: str, seconds: float) -> None:
        """Until the end that is under way is complete, or it is time to ask again."""
        try:
            shard = await self._transactions.shard_of(transactional_id)
        except KafkaError:  # it stops: the next question says so
            await asyncio.sleep(seconds)
        else:
            await shard.until_ended(transactional_id, seconds)

    async def _ask(self, transaction: AddPartitionsToTxnTransaction) -> dict[Named, ErrorCode]:
        result = await ask(
            self._transactions,
            transaction.transactional_id,
            transaction,
            _BROKERS_VERSION,
            lambda machine, ticket, now_ms: machine.add_partitions(
                transaction, _BROKERS_VERSION, ticket, now_ms
            ),
        )
        assert isinstance(result, AddPartitionsToTxnResult)
        return {
            (topic.name, each.partition_index): ErrorCode(each.partition_error_code)
            for topic in result.topic_results
            for each in topic.results_by_partition
        }


def _transaction(
    transactional_id: str, producer_id: int, producer_epoch: int, partitions: Collection[Named]
) -> AddPartitionsToTxnTransaction:
    topics: dict[str, list[int]] = {}
    for topic, index in partitions:
        topics.setdefault(topic, []).append(index)
    return AddPartitionsToTxnTransaction(
        transactional_id=transactional_id,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        topics=[AddPartitionsToTxnTopic(name=name, partitions=indexes) for name, indexes in topics.items()],
    )


def _partitions(transaction: AddPartitionsToTxnTransaction) -> list[Named]:
    return [(topic.name, index) for topic in transaction.topics for index in topic.partitions]
