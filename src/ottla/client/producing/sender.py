"""Takes batches that are due to their partitions' leaders, and again when that failed in a way that may pass.

There is no loop that runs all the time: a turn is taken when something is due, full or free, and a timer stands for
the next thing that will be. Each request is a task; at most `max.in.flight.requests.per.connection` to a broker.
"""

import asyncio
import logging
from collections import defaultdict
from dataclasses import replace

from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.refresher import Refresher
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.counters import ProducerCounters
from ottla.client.producing.failures import expired
from ottla.client.producing.health import ProducerHealth
from ottla.client.producing.identifying import Identifying
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.produce_answers import ProduceAnswers
from ottla.client.producing.produce_request import ProduceExchange
from ottla.client.transactions.gate import TransactionGate
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import COMPRESS_IN_THREAD_BYTES
from ottla.net.tasks import Tasks
from ottla.records.compression import Codec
from ottla.wire.messages.produce import ProduceResponse

_log = logging.getLogger("ottla.client")


class Node:
    """What the sender knows of one broker."""

    __slots__ = ("in_flight", "queued", "turn")

    def __init__(self) -> None:
        self.in_flight = 0
        self.turn = asyncio.Lock()
        self.queued = 0
        """Requests that hold `turn` or wait for it: they leave in the order in which they were taken."""


class Sender:
    """Sends what the accumulator has. Once closed, every batch is settled and nothing is taken any more."""

    def __init__(
        self, cluster: Cluster, accumulator: Accumulator, gate: TransactionGate | None = None
    ) -> None:
        self._cluster = cluster
        self._accumulator = accumulator
        self._settings = accumulator.settings
        self._clock = cluster.clock
        self._gate = gate
        self._nodes: defaultdict[int, Node] = defaultdict(Node)
        self._requests = Tasks("producer")
        self._turn_is_near = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._closed = False
        self.counters = ProducerCounters()
        self.refresher = Refresher(cluster, self.wake, create=True)  # as Java's producer does
        self._identifying = Identifying(cluster, accumulator, self._requests, self.wake)
        self._answers = ProduceAnswers(cluster, accumulator, self.refresher, self.counters, gate)

    def wake(self) -> None:
        """Something is due, or may be: take a turn soon."""
        if not self._turn_is_near and not self._closed:
            self._turn_is_near = True
            asyncio.get_running_loop().call_soon(self._turn)

    def opened(self) -> None:
        """A new batch takes records."""
        if self._accumulator.ready:
            self.wake()
        else:
            self._set_timer(self._clock.monotonic())

    @property
    def problem(self) -> str:
        """Why what waits is not delivered yet, as far as is known."""
        return self.refresher.problem or self._answers.problem or self._identifying.problem

    def health(self) -> ProducerHealth:
        """How the producer is doing now."""
        accumulator = self._accumulator
        oldest = [queue.oldest.created_at for queue in accumulator.busy if queue.oldest is not None]
        return ProducerHealth(
            buffered_bytes=accumulator.memory.reserved_bytes,
            partitions_waiting=len(accumulator.busy),
            requests_in_flight=sum(node.in_flight for node in self._nodes.values()),
            oldest_seconds=self._clock.monotonic() - min(oldest) if oldest else 0.0,
            problem=self.problem if oldest else "",
            identity=accumulator.identity,
            transaction="",
            counters=replace(self.counters),
        )

    async def close(self, error: KafkaError) -> None:
        """What is not delivered by now fails, and nothing more is accepted."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._requests.close()
            await self.refresher.close()
        finally:
            self._accumulator.close(error)

    # One turn.

    def _turn(self) -> None:
        self._turn_is_near = False
        if self._closed:
            return
        try:
            self._send(self._clock.monotonic())
        except Exception as error:  # noqa: BLE001 - whatever it is, all who wait must hear of it
            _log.exception("the producer's sender ended")
            self._closed = True
            problem = f"the producer's sender ended: {error!r}"
            self._accumulator.close(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem))

    def _send(self, now: float) -> None:
        accumulator = self._accumulator
        for batch in accumulator.look(now):
            self._answers.expired(batch, expired(batch, self._settings.delivery_timeout_ms, self.problem))
        if accumulator.ready:
            if accumulator.identity is None:
                if self._gate is None:
                    self._identifying.start()
            else:
                for leader, queues in self._by_leader(now).items():
                    self._fill(leader, queues, now)
        self._set_timer(now)

    def _by_leader(self, now: float) -> dict[int, list[PartitionQueue]]:
        """The queues that may be taken from now; what only a later event makes so is not ready any more."""
        accumulator, metadata = self._accumulator, self._cluster.metadata
        identity = accumulator.identity
        assert identity is not None
        by_leader: defaultdict[int, list[PartitionQueue]] = defaultdict(list)
        for queue in list(accumulator.ready):
            if not accumulator.is_due(queue, now) or not queue.may_take(identity):
                del accumulator.ready[queue]
            elif self._gate is not None and not self._gate.may_leave(queue.partition):
                continue
            elif (leader := metadata.leader(queue.partition)) is None:
                self._answers.leaderless(queue, now)
            elif self._has_room(leader):
                by_leader[leader].append(queue)
        return by_leader

    def _has_room(self, leader: int) -> bool:
        return self._nodes[leader].in_flight < self._settings.max_in_flight_requests_per_connection

    def _fill(self, leader: int, queues: list[PartitionQueue], now: float) -> None:
        """Requests of about `max.request.size`, as many as the broker may have now."""
        while queues and self._has_room(leader):
            batches, queues = self._one_request(queues, now)
            if batches:
                self._nodes[leader].in_flight += 1
                self._requests.start(self._deliver(leader, batches), f"request to broker {leader}")

    def _one_request(
        self, queues: list[PartitionQueue], now: float
    ) -> tuple[list[OutgoingBatch], list[PartitionQueue]]:
        """One batch of each queue while they fit, and the queues that have more."""
        accumulator = self._accumulator
        assert accumulator.identity is not None
        batches: list[OutgoingBatch] = []
        left: list[PartitionQueue] = []
        size_bytes = 0
        for queue in queues:
            del accumulator.ready[queue]
            if not accumulator.is_due(queue, now) or not queue.may_take(accumulator.identity):
                continue
            accumulator.ready[queue] = None  # now behind the others
            next_bytes = queue.next_bytes
            if batches and size_bytes + next_bytes > self._settings.max_request_size:
                left.append(queue)
                continue
            batches.append(accumulator.take(queue))
            size_bytes += next_bytes
            if queue.waiting:
                left.append(queue)
            else:
                del accumulator.ready[queue]
        return batches, left

    def _set_timer(self, now: float) -> None:
        """One timer, for the nearest alarm; a turn too many does no harm."""
        alarm = self._accumulator.next_alarm()
        if alarm is None or (self._timer is not None and self._timer_at <= alarm):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = alarm
        self._timer = asyncio.get_running_loop().call_later(max(0.0, alarm - now), self._ring)

    def _ring(self) -> None:
        self._timer = None  # it may ring a little early by the clock: then the turn sets another
        self._turn()

    # One request.

    async def _deliver(self, leader: int, batches: list[OutgoingBatch]) -> None:
        node = self._nodes[leader]
        try:
            exchange, response = await self._in_turn(leader, node, batches)
        except KafkaError as error:
            self._answers.unanswered(batches, error)
        except Exception as error:
            problem = f"sending failed: {error!r}"
            self._answers.unanswered(batches, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem))
            raise
        else:
            self._answers.answered(leader, batches, exchange, response)
        finally:
            node.in_flight -= 1
            self.wake()

    async def _in_turn(
        self, leader: int, node: Node, batches: list[OutgoingBatch]
    ) -> tuple[ProduceExchange, ProduceResponse]:
        """Ask at once, or, if a thread has to compress first or does so for an earlier request, when it is done."""
        large = self._is_for_a_thread(batches)
        if not large and not node.queued:
            return await self._ask(leader, batches)
        node.queued += 1
        try:
            async with node.turn:
                if large:
                    await asyncio.to_thread(_encode, batches)
                asking = self._requests.start(self._ask(leader, batches), f"request to broker {leader}")
                await asyncio.sleep(0)  # until it is written
        finally:
            node.queued -= 1
        return await asking

    def _is_for_a_thread(self, batches: list[OutgoingBatch]) -> bool:
        if self._settings.compression_type is Codec.NONE:
            return False
        raw_bytes = sum(batch.size_bytes for batch in batches if not batch.is_encoded)
        return raw_bytes >= COMPRESS_IN_THREAD_BYTES

    async def _ask(
        self, leader: int, batches: list[OutgoingBatch]
    ) -> tuple[ProduceExchange, ProduceResponse]:
        exchange = ProduceExchange(batches, self._cluster.metadata, self._settings)
        versions = [exchange.max_version, self._gate.max_produce_version if self._gate is not None else None]
        max_version = min((version for version in versions if version is not None), default=None)
        self.counters.requests += 1
        if self._settings.acks == 0:
            await self._cluster.tell(leader, exchange.request, max_version)
            return exchange, exchange.silent_answer()
        return exchange, await self._cluster.ask(leader, exchange.request, ProduceResponse, max_version)


def _encode(batches: list[OutgoingBatch]) -> None:
    for batch in batches:
        batch.encode()
