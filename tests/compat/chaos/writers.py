"""Producers that write down what they send and what they are told of it."""

import asyncio
from functools import partial
from itertools import count
from random import Random
from typing import Any

from tests.compat.chaos.client import PATIENCE, Actor, in_time, started

from ottla.client import BufferFull, Delivery, Producer, RecordMetadata
from ottla.core.errors import AbortableError
from ottla.testing.history import CommitBegan, Outcome, SendAcknowledged, SendBegan, TransactionEnded

KEYS = (None, b"a", b"b", b"c", b"d")
ABORTED = 0.2
"""The part of transactions that are aborted on a whim."""


class UnwantedError(Exception):
    """What a transaction is aborted with."""


class Writer(Actor):
    """Idempotent. Everything that it sends must be delivered, for it has time enough."""

    def __init__(self, name: str, servers: str, topic: str, random: Random) -> None:
        super().__init__(name, random)
        self.servers, self.topic = servers, topic
        self.options: dict[str, Any] = {}
        self.kept: set[str] = set()
        """Values that readers must see."""
        self.problems: list[str] = []
        self._numbers = count()
        self._ending = asyncio.Event()

    async def finish(self) -> None:
        """No more; what is under way is delivered."""
        self._ending.set()
        await self.ended()

    async def run(self) -> None:
        producer = await started(self.make)
        try:
            while not self._ending.is_set():
                await self.step(producer)
                await asyncio.sleep(self.random.uniform(0, 0.05))
        except BaseException:
            await in_time(producer.close(deliver=False), self.name)
            raise
        await in_time(producer.close(), self.name)

    def make(self) -> Producer:
        options: dict[str, Any] = {
            "batch_size": self.random.choice((200, 2_000, 16_384)),
            "linger_ms": 2,
            **PATIENCE,
        }
        return Producer(self.servers, **options, **self.options)

    async def step(self, producer: Producer) -> None:
        """One call, or a few."""
        await self.send(producer)

    async def send(self, producer: Producer, transaction: str | None = None) -> None:
        """In one of the three ways."""
        way = self.random.choice((self._one, self._some, self._some, self._many))
        await way(producer, transaction)

    async def _one(self, producer: Producer, transaction: str | None) -> None:
        value = self._began(transaction)
        sent = await producer.send(self.topic, value.encode(), key=self.random.choice(KEYS))
        self._acknowledged(value, sent, transaction)

    async def _some(self, producer: Producer, transaction: str | None) -> None:
        for _ in range(self.random.randint(1, 12)):
            value = self._began(transaction)
            delivery = await self._nowait(producer, value)
            delivery.add_done_callback(partial(self._done, value, transaction))

    async def _nowait(self, producer: Producer, value: str) -> Delivery:
        key = self.random.choice(KEYS)
        while True:
            try:
                return producer.send_nowait(self.topic, value.encode(), key=key)
            except BufferFull:
                await producer.ready()

    async def _many(self, producer: Producer, transaction: str | None) -> None:
        values = [self._began(transaction) for _ in range(self.random.randint(1, 40))]
        keys = [self.random.choice(KEYS) for _ in values] if self.random.random() < 0.7 else None
        sent = await producer.send_many(self.topic, [value.encode() for value in values], keys=keys)
        for value, at in zip(values, sent, strict=True):
            self._acknowledged(value, at, transaction)

    def _began(self, transaction: str | None) -> str:
        value = f"{self.name}:{next(self._numbers)}"
        self.recorder.tell(SendBegan, value=value, transaction=transaction)
        return value

    def _done(self, value: str, transaction: str | None, delivery: Delivery) -> None:
        error = delivery.exception()
        if error is None:
            self._acknowledged(value, delivery.result(), transaction)
        elif transaction is None:
            self.problems.append(f"{value} was not delivered: {error!r}")

    def _acknowledged(self, value: str, sent: RecordMetadata, transaction: str | None) -> None:
        if transaction is None:
            self.kept.add(value)
        if sent.offset >= 0:  # else it was a repetition: it is there, but nobody says where
            at = {"topic": sent.topic, "partition": sent.partition, "offset": sent.offset}
            self.recorder.tell(SendAcknowledged, value=value, **at)


class TransactionalWriter(Writer):
    """Sends in transactions; some it aborts."""

    def __init__(self, name: str, servers: str, topic: str, random: Random) -> None:
        super().__init__(name, servers, topic, random)
        self.options = {"transactional_id": f"{topic[:100]}-{name}", "transaction_timeout_ms": 60_000}
        self._transactions = count()

    async def step(self, producer: Producer) -> None:
        name, first = f"{self.name}/{next(self._transactions)}", len(self.recorder.events)
        try:
            async with producer.transaction():
                await self._fill(producer, name)
        except (UnwantedError, AbortableError):
            self._ended(name, Outcome.ABORTED)
        else:
            self._ended(name, Outcome.COMMITTED)
            sent = (event for event in self.recorder.events[first:] if isinstance(event, SendBegan))
            self.kept.update(event.value for event in sent)

    async def _fill(self, producer: Producer, name: str) -> None:
        for _ in range(self.random.randint(0, 4)):
            await self.send(producer, name)
        if self.random.random() < ABORTED:
            raise UnwantedError
        self.recorder.tell(CommitBegan, transaction=name)

    def _ended(self, name: str, outcome: Outcome) -> None:
        self.recorder.tell(TransactionEnded, transaction=name, outcome=outcome)
