"""Carries the ends of transactions to the partitions that took part: a marker in each.

A transaction that is to end is tried again until every partition has its marker, or is no more; the coordinator hears
of each that has. All partitions are led by this broker so far; those of another would be a request to it, in
`Markers.write`.
"""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.log import Appended

TopicPartition = tuple[str, int]

OFFSETS_TOPIC = "__consumer_offsets"


class EndOfTransaction(Protocol):
    """What a marker says."""

    @property
    def producer_id(self) -> int: ...
    @property
    def producer_epoch(self) -> int: ...
    @property
    def coordinator_epoch(self) -> int: ...
    @property
    def committed(self) -> bool: ...
    @property
    def transaction_version(self) -> int: ...


class Marker(NamedTuple):
    """An end that somebody else decided, as WriteTxnMarkers brings it."""

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    committed: bool
    transaction_version: int


class EndsTransactions(Protocol):
    """The coordinator of a partition of `__consumer_offsets`, to which a marker says which offsets count."""

    @property
    def partition(self) -> Partition: ...

    def end_transaction(self, end: EndOfTransaction, now_ms: int) -> Appended: ...


class Groups(Protocol):
    """Finds it. Raises KafkaError."""

    async def shard(self, index: int) -> EndsTransactions: ...


class Markers:
    """Writes markers into partitions of this broker. `durable`: they are there once they are on disk."""

    def __init__(self, partitions: Partitions, groups: Groups, clock: Clock, *, durable: bool) -> None:
        self._partitions = partitions
        self._groups = groups
        self._clock = clock
        self._durable = durable

    async def write(
        self, end: EndOfTransaction, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, ErrorCode]:
        """One attempt at each partition, and how it came out once that is committed."""
        outcomes: dict[TopicPartition, ErrorCode] = {}
        waits: dict[TopicPartition, asyncio.Future[ErrorCode]] = {}
        for each in partitions:
            try:
                committed = await self._append(end, *each)
            except KafkaError as error:
                outcomes[each] = error.code
                continue
            if committed is None:
                outcomes[each] = ErrorCode.NONE
            else:
                waits[each] = committed
        for each, committed in waits.items():
            outcomes[each] = await committed
        return outcomes

    async def _append(
        self, end: EndOfTransaction, topic: str, index: int
    ) -> "asyncio.Future[ErrorCode] | None":
        """Append one marker. The future is of its commit; None where that has come already. Raises KafkaError."""
        now_ms = self._clock.now_ms()
        found = self._partitions.find(topic, index)
        if isinstance(found, ErrorCode):
            raise KafkaError(found)
        if topic == OFFSETS_TOPIC:
            shard = await self._groups.shard(index)
            found = shard.partition
            appended = shard.end_transaction(end, now_ms)
        else:
            appended = append_marker(found, end, now_ms, durable=self._durable)
        return found.committed(appended.last_offset + 1)


def append_marker(partition: Partition, end: EndOfTransaction, now_ms: int, *, durable: bool) -> Appended:
    """Append what `end` says. Raises KafkaError."""
    return partition.append_marker(
        end.producer_id,
        end.producer_epoch,
        end.coordinator_epoch,
        committed=end.committed,
        transaction_version=end.transaction_version,
        now_ms=now_ms,
        durable=durable,
    )
