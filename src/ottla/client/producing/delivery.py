"""What becomes of records that were sent: one outcome for each batch, and light handles on single records."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from ottla.core.errors import KafkaError


class RecordMetadata(NamedTuple):
    """Where a record was saved."""

    topic: str
    partition: int
    offset: int
    """-1 when it is not known: nobody was asked (acks=0), or an earlier attempt had saved it long ago."""
    timestamp_ms: int
    """The record's own, or the broker's where the topic has `message.timestamp.type=LogAppendTime`."""


class Piece(NamedTuple):
    """Records from index `first` on that were settled together."""

    first: int
    base_offset: int
    append_time_ms: int
    error: KafkaError | None


class Outcome:
    """What became of the records that were gathered into one batch, by their index in it.

    A batch that is split on its way (MESSAGE_TOO_LARGE) becomes several pieces; it is settled with the last, and
    never changes any more: from then on (`open_pieces` is 0) any thread may read it.
    """

    __slots__ = ("bystanders", "callbacks", "open_pieces", "partition", "pieces", "topic", "waiters")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.open_pieces = 1
        self.pieces: list[Piece] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.bystanders: list[asyncio.Future[None]] = []
        self.callbacks: list[tuple[Callable[[Delivery], object], Delivery]] = []

    @property
    def is_settled(self) -> bool:
        return not self.open_pieces

    @property
    def is_awaited(self) -> bool:
        """Whether anybody will hear of a failure."""
        return bool(self.callbacks) or any(not waiter.done() for waiter in self.waiters)

    def settle(self, piece: Piece) -> None:
        """One more piece is known; with the last one everybody is told."""
        assert self.open_pieces > 0, "settled twice"
        self.pieces.append(piece)
        if self.open_pieces == 1:
            self.pieces.sort(key=lambda piece: piece.first)
        self.open_pieces -= 1
        if not self.open_pieces:
            self._tell()

    def piece(self, index: int) -> Piece:
        """The piece that the record at `index` is in."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        return self.pieces[bisect_right(self.pieces, index, key=lambda piece: piece.first) - 1]

    def error(self, index: int) -> KafkaError | None:
        """Why the record at `index` was not delivered, as far as is known."""
        return self.piece(index).error

    def metadata(self, index: int, timestamp_ms: int) -> RecordMetadata:
        """Where the record at `index` is. Raises its error."""
        first, base_offset, append_time_ms, error = self.piece(index)
        if error is not None:
            raise error.with_traceback(None)  # one exception serves many records
        offset = base_offset + index - first if base_offset >= 0 else -1
        time_ms = append_time_ms if append_time_ms >= 0 else timestamp_ms
        return RecordMetadata(self.topic, self.partition, offset, time_ms)

    def wait(self) -> "asyncio.Future[None]":
        """For one who will ask what became of it; a future of one's own, to cancel it harms nobody."""
        return self._waiter(self.waiters)

    def stand_by(self) -> "asyncio.Future[None]":
        """For one who only wants to know when it is over."""
        return self._waiter(self.bystanders)

    def call(self, callback: "Callable[[Delivery], object]", delivery: "Delivery") -> None:
        """`callback(delivery)` soon after it is settled."""
        if self.open_pieces:
            self.callbacks.append((callback, delivery))
        else:
            asyncio.get_running_loop().call_soon(callback, delivery)

    def hand_over(self, other: "Outcome") -> None:
        """Whoever waits for this one waits for `other` from now on."""
        other.waiters += self.waiters
        other.callbacks += self.callbacks
        self.waiters, self.callbacks = [], []

    def _waiter(self, waiters: "list[asyncio.Future[None]]") -> "asyncio.Future[None]":
        waiter = asyncio.get_running_loop().create_future()
        if self.open_pieces:
            waiters.append(waiter)
        else:
            waiter.set_result(None)
        return waiter

    def _tell(self) -> None:
        waiters = [*self.waiters, *self.bystanders]
        self.waiters, self.bystanders = [], []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        callbacks, self.callbacks = self.callbacks, []
        for callback, delivery in callbacks:
            asyncio.get_running_loop().call_soon(callback, delivery)


class Delivery:
    """One record on its way: `await` it for its RecordMetadata, or to have its error raised.

    To cancel whoever awaits it does not take the record back: it may be delivered all the same.
    """

    __slots__ = ("index", "outcome", "timestamp_ms")

    def __init__(self, outcome: Outcome, index: int, timestamp_ms: int) -> None:
        self.outcome = outcome
        self.index = index
        self.timestamp_ms = timestamp_ms

    def __await__(self) -> Generator[Any, None, RecordMetadata]:
        while self.outcome.open_pieces:  # again after the record was moved into a batch
            yield from self.outcome.wait()
        return self.outcome.metadata(self.index, self.timestamp_ms)

    def done(self) -> bool:
        """Whether it is delivered, or known not to be."""
        return not self.outcome.open_pieces

    def result(self) -> RecordMetadata:
        """Where the record is. Raises its error, or asyncio.InvalidStateError while that is not known."""
        self._check_done()
        return self.outcome.metadata(self.index, self.timestamp_ms)

    def exception(self) -> KafkaError | None:
        """Why it was not delivered. Raises asyncio.InvalidStateError while that is not known."""
        self._check_done()
        return self.outcome.error(self.index)

    def add_done_callback(self, callback: "Callable[[Delivery], object]") -> None:
        """`callback(delivery)` is called by the event loop once it is done."""
        self.outcome.call(callback, self)

    def move(self, delivery: "Delivery") -> None:
        """The record is what `delivery` stands for now; whoever waits does so there.

        The outcome comes last: another thread that sees it settled finds the record's place in it.
        """
        parked = self.outcome
        self.index, self.timestamp_ms = delivery.index, delivery.timestamp_ms
        self.outcome = delivery.outcome
        parked.hand_over(self.outcome)

    def _check_done(self) -> None:
        if self.outcome.open_pieces:
            raise asyncio.InvalidStateError("the record is still on its way; await the delivery")

    def __repr__(self) -> str:
        state = "under way"
        if self.done():
            state = str(self.outcome.error(self.index) or self.result())
        return f"<Delivery to {self.outcome.topic}-{self.outcome.partition}: {state}>"
