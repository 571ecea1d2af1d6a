"""Consumers that write down what they read, alone or in groups."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from tests.compat.chaos.client import PARTITIONS, PATIENCE, Actor, in_time, started

from ottla.client import Consumer, TopicPartition
from ottla.core.errors import KafkaError
from ottla.records.record import Record
from ottla.testing.history import Polled, Positioned

GROUP: dict[str, Any] = {
    "auto_offset_reset": "earliest",
    "auto_commit_interval_ms": 200,
    "fetch_max_wait_ms": 200,
}
CLASSIC = {"group_protocol": "classic", "session_timeout_ms": 6_000, "heartbeat_interval_ms": 500}
EAGER = {**GROUP, **CLASSIC, "partition_assignment_strategy": ["range"]}
COOPERATIVE = {**GROUP, **CLASSIC, "partition_assignment_strategy": ["cooperative-sticky"]}
CONSUMER = {**GROUP, "group_protocol": "consumer"}
KINDS: dict[str, tuple[dict[str, Any], ...]] = {
    "eager": (EAGER,),
    "cooperative": (COOPERATIVE,),
    "consumer": (CONSUMER,),
    "eager and consumer": (EAGER, CONSUMER),
    "consumer and cooperative": (CONSUMER, COOPERATIVE),
}
"""Options of a group's members, in turn as they join. With both protocols, a group changes to and fro between them."""


class Reader(Actor):
    """Reads for ever, in one of the four ways."""

    def __init__(
        self, name: str, servers: str, topic: str, random: Random, options: Mapping[str, Any]
    ) -> None:
        super().__init__(name, random)
        self.topic = topic
        self.servers = servers
        self.options = dict(options)
        self.seen: set[str] = set()
        self.consumer: Consumer[bytes, bytes] | None = None
        self.is_group = "group_id" in self.options
        self.hurries = False
        """Whether it does not dawdle any more."""
        self._read_committed = self.options.get("isolation_level") == "read_committed"
        self._placed: set[TopicPartition] = set()
        self._leaving = False

    async def leave(self) -> None:
        """In good order, or by being cancelled in the middle of reading."""
        self._leaving = True
        if self.consumer is not None and self.random.random() < 0.5:
            await in_time(self.consumer.close(), self.name)
            await self.ended()
        else:
            await self.cancelled()

    def offsets(self) -> dict[TopicPartition, int]:
        """How far it is in each of its partitions."""
        if self.consumer is None or self._leaving:
            return {}
        stored = self.consumer.positions_to_commit()
        return {
            partition: stored[partition].offset if partition in stored else -1
            for partition in self.consumer.assignment()
        }

    async def run(self) -> None:
        consumer = await started(self._make)
        try:
            await self._begin(consumer)
            self.consumer = consumer
            ways = (self._records, self._batches, self._many, self._ones)
            await self.random.choice(ways)(consumer)
        except KafkaError:
            if not self._leaving:
                raise
        finally:
            await in_time(consumer.close(), self.name)

    def _make(self) -> Consumer[bytes, bytes]:
        topics = [self.topic] if self.is_group else []
        consumer: Consumer[bytes, bytes] = Consumer(
            *topics, bootstrap_servers=self.servers, **PATIENCE, **self.options
        )

        @consumer.on_assigned
        async def _assigned(partitions: frozenset[TopicPartition]) -> None:
            for partition in sorted(partitions):
                self._placed.discard(partition)
                with contextlib.suppress(KafkaError):  # then the first record that comes will say
                    self._place(partition, await consumer.position(partition))

        return consumer

    async def _begin(self, consumer: Consumer[bytes, bytes]) -> None:
        if self.is_group:
            return
        partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)
            self._place(partition, 0)

    # Four ways

    async def _records(self, consumer: Consumer[bytes, bytes]) -> None:
        async for record in consumer:
            self._polled(TopicPartition(record.topic, record.partition), [record])
            if self.random.random() < 0.05:
                await self._dawdle(0.01)

    async def _batches(self, consumer: Consumer[bytes, bytes]) -> None:
        async for batch in consumer.batches(self.random.choice((1, 10, 500))):
            self._polled(TopicPartition(batch.topic, batch.partition), batch.records, batch.next_offset)
            await self._dawdle(self.random.uniform(0, 0.02))

    async def _many(self, consumer: Consumer[bytes, bytes]) -> None:
        while True:
            found = await consumer.getmany(timeout_ms=100, max_records=self.random.choice((1, 20, 500)))
            for partition, records in found.items():
                self._polled(partition, records)
            await self._commit_on_a_whim(consumer)

    async def _ones(self, consumer: Consumer[bytes, bytes]) -> None:
        """Impatient: a wait that lasts is given up, and begun again."""
        while True:
            try:
                async with asyncio.timeout(10 if self.hurries else self.random.uniform(0.001, 0.1)):
                    record = await consumer.getone()
            except TimeoutError:
                continue
            self._polled(TopicPartition(record.topic, record.partition), [record])

    async def _dawdle(self, seconds: float) -> None:
        if not self.hurries:
            await asyncio.sleep(seconds)

    async def _commit_on_a_whim(self, consumer: Consumer[bytes, bytes]) -> None:
        if not self.is_group or self.random.random() > 0.1:
            return
        with contextlib.suppress(KafkaError):  # its partitions may be another's by now, who reads them again
            await consumer.commit()

    # Its history

    def _place(self, partition: TopicPartition, offset: int) -> None:
        self._placed.add(partition)
        at = {"topic": partition.topic, "partition": partition.partition, "offset": offset}
        self.recorder.tell(Positioned, **at)

    def _polled(
        self,
        partition: TopicPartition,
        records: Iterable[Record[bytes, bytes]],
        position: int | None = None,
    ) -> None:
        pairs = tuple((record.offset, record.value.decode()) for record in records)
        if partition not in self._placed:
            self._place(partition, pairs[0][0])
        self.seen.update(value for _, value in pairs)
        self.recorder.tell(
            Polled,
            topic=partition.topic,
            partition=partition.partition,
            records=pairs,
            read_committed=self._read_committed,
            position=position,
        )


class Group:
    """Readers that come and go."""

    def __init__(self, kind: str, servers: str, topic: str, random: Random, isolation_level: str) -> None:
        self.kind = kind
        self.members: list[Reader] = []
        self.gone: list[Reader] = []
        self._servers, self._topic, self._random = servers, topic, random
        common = {"group_id": f"{topic[:100]}-{kind}", "isolation_level": isolation_level}
        self.options = [{**options, **common} for options in KINDS[kind]]

    @property
    def everybody(self) -> list[Reader]:
        return self.members + self.gone

    @property
    def seen(self) -> set[str]:
        return set().union(*(reader.seen for reader in self.everybody))

    def join(self) -> Reader:
        number = len(self.everybody)
        options = self.options[number % len(self.options)]
        reader = Reader(f"{self.kind} {number}", self._servers, self._topic, self._random, options)
        self.members.append(reader)
        reader.start()
        return reader

    async def leave(self, reader: Reader) -> None:
        self.members.remove(reader)
        self.gone.append(reader)
        await reader.leave()

    def offsets(self) -> dict[TopicPartition, int] | None:
        """How far the group is; None while a partition is nobody's, or somebody's twice."""
        of_members = [reader.offsets() for reader in self.members]
        merged = {partition: at for offsets in of_members for partition, at in offsets.items()}
        return merged if len(merged) == sum(map(len, of_members)) == PARTITIONS else None
