"""Producers that go on through crashes and write down what they were promised.

`PipelinedProducer` is a bare socket with several requests under way; `LibrdkafkaProducer` is confluent-kafka.
Neither uses idempotence: a number is sent again when, and only when, its last sending was not acknowledged.
"""

import random
import select
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.crash.history import ProducerHistory, value_of
from tests.support import batches
from tests.support.wire import PRODUCE, RawConnection, parse_produced, produce_body

WINDOW = 8
"""Requests under way at once."""
PAUSE_SECONDS = 0.001
DRAIN_SECONDS = 60.0


class CrashProducer(ABC, threading.Thread):
    """Sends until told to finish; then waits until all that it sent is acknowledged."""

    def __init__(self, port: int, topic: str, history: ProducerHistory, seed: int) -> None:
        super().__init__(daemon=True, name=f"producer-{history.producer}")
        self.port = port
        self.topic = topic
        self.history = history
        self.seed = seed
        self.finishing = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self.produce()
        except BaseException as failure:  # noqa: BLE001 (reported by finish)
            self.failure = failure

    @abstractmethod
    def produce(self) -> None:
        """The thread's work."""

    def finish(self) -> None:
        """Stop sending and wait for the last acknowledgements."""
        self.finishing.set()
        self.join(DRAIN_SECONDS)
        assert self.failure is None, repr(self.failure)
        assert not self.is_alive(), f"{self.name} was not acknowledged within {DRAIN_SECONDS:.0f} s"

    def value(self, number: int) -> bytes:
        return value_of(self.seed, self.history.producer, number)


class PipelinedProducer(CrashProducer):
    """WINDOW requests of 1 to 5 records under way; after a crash the unacknowledged go again in order."""

    def produce(self) -> None:
        self.dice = random.Random(f"{self.seed}/{self.history.producer}")
        self.unacknowledged: deque[range] = deque()
        while not self.finishing.is_set() or self.unacknowledged:
            try:
                with RawConnection(self.port, timeout=20) as connection:
                    self._converse(connection)
            except (OSError, EOFError):
                time.sleep(0.005)

    def _converse(self, connection: RawConnection) -> None:
        """One connection's life, until a request is refused (the broker is not ready yet) or the end."""
        under_way: deque[tuple[int, range]] = deque()
        waiting = deque(self.unacknowledged)
        # Alone first: a broker that refuses one request and takes the next would exchange them.
        window = 1
        while waiting or under_way or not self.finishing.is_set():
            while len(under_way) < window and (waiting or not self.finishing.is_set()):
                numbers = waiting.popleft() if waiting else self._next()
                under_way.append((connection.send(PRODUCE, 8, self._request(numbers)), numbers))
                time.sleep(PAUSE_SECONDS)
                if select.select([connection.socket], [], [], 0)[0]:
                    break
            correlation_id, numbers = under_way.popleft()
            produced = parse_produced(connection.reply(correlation_id))
            if produced.error:
                return
            self._acknowledge(numbers, produced.base_offset)
            window = WINDOW

    def _next(self) -> range:
        first = self.history.sent
        self.history.sent += self.dice.randint(1, 5)
        numbers = range(first, self.history.sent)
        self.unacknowledged.append(numbers)
        return numbers

    def _request(self, numbers: range) -> bytes:
        records = [batches.Record(None, self.value(number)) for number in numbers]
        batch = batches.build(records, now_ms=int(time.time() * 1000))
        return produce_body(self.topic, self.history.partition, batch)

    def _acknowledge(self, numbers: range, base_offset: int) -> None:
        assert self.unacknowledged.popleft() == numbers
        for delta, number in enumerate(numbers):
            self.history.acknowledged[number] = base_offset + delta


class LibrdkafkaProducer(CrashProducer):
    """One request at a time, retried without end: so librdkafka keeps the order of what it sends."""

    def produce(self) -> None:
        from confluent_kafka import Producer

        settings: dict[str, Any] = {
            "bootstrap.servers": f"127.0.0.1:{self.port}",
            "acks": "all",
            "enable.idempotence": False,
            "max.in.flight.requests.per.connection": 1,
            "message.timeout.ms": 0,
            "retries": 2_147_483_647,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 100,
            "linger.ms": 1,
            "log_level": 0,
            "error_cb": lambda _error: None,
        }
        producer = Producer(settings)
        while not self.finishing.is_set():
            number = self.history.sent
            self.history.sent += 1
            self._send(producer, number)
            producer.poll(PAUSE_SECONDS)
        left = producer.flush(DRAIN_SECONDS)
        assert left == 0, f"{left} not acknowledged"

    def _send(self, producer: Any, number: int) -> None:
        while True:
            try:
                producer.produce(
                    self.topic,
                    self.value(number),
                    partition=self.history.partition,
                    on_delivery=self._delivered(number),
                )
                return
            except BufferError:
                producer.poll(0.05)

    def _delivered(self, number: int) -> Callable[[Any, Any], None]:
        def delivered(error: Any, message: Any) -> None:
            assert error is None, error
            self.history.acknowledged[number] = message.offset()

        return delivered
