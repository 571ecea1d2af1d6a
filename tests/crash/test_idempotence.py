"""kill -9 under idempotent producers that retry over restarts: each message is there once, in order (KIP-98)."""

import gc
import logging
import random
import threading
import time
from abc import ABC, abstractmethod

import pytest

from tests.conftest import NewBroker
from tests.crash.run import TOPIC, read_all
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

ROUNDS = {"ottla": 10, "apache": 2}
DRAIN_SECONDS = 60.0
SETTINGS = {"log.segment.bytes": "1048576", "log.flush.offset.checkpoint.interval.ms": "500"}


class IdempotentProducer(ABC, threading.Thread):
    """Sends numbers to a partition of its own until told to finish; then waits until all are acknowledged."""

    def __init__(self, broker: BrokerProcess, partition: int) -> None:
        super().__init__(daemon=True)
        self.bootstrap = broker.bootstrap
        self.partition = partition
        self.sent = 0
        self.failures: list[object] = []
        self.finishing = threading.Event()

    def value(self) -> bytes:
        self.sent += 1
        return b"%d %s" % (self.sent - 1, b"." * 200)

    def run(self) -> None:
        try:
            self.produce()
        except BaseException as failure:  # noqa: BLE001 (shown by finish)
            self.failures.append(failure)

    @abstractmethod
    def produce(self) -> None:
        """The thread's work."""

    def finish(self) -> None:
        self.finishing.set()
        self.join(DRAIN_SECONDS)
        assert not self.is_alive(), "not everything was acknowledged"
        assert not self.failures, self.failures[:3]


class Librdkafka(IdempotentProducer):
    """confluent-kafka with five requests under way."""

    def produce(self) -> None:
        from confluent_kafka import Producer

        producer = Producer({
            "bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 1,
            "queue.buffering.max.messages": 1000,
            "batch.num.messages": 20, "message.timeout.ms": 0, "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100, "log_level": 0,
            "error_cb": lambda error: self.failures.append(error) if error.fatal() else None,
        })  # fmt: skip
        while not self.finishing.is_set():
            try:
                producer.produce(TOPIC, self.value(), partition=self.partition, on_delivery=self._delivered)
            except BufferError:
                self.sent -= 1
            producer.poll(0.001)
        assert producer.flush(DRAIN_SECONDS) == 0

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self.failures.append(error)


class KafkaPython(IdempotentProducer):
    """kafka-python, idempotent by default."""

    def produce(self) -> None:
        from kafka import KafkaProducer

        logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)  # its records would keep its sockets alive
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap, enable_idempotence=True, linger_ms=1, retry_backoff_ms=20,
            reconnect_backoff_ms=10, reconnect_backoff_max_ms=100, delivery_timeout_ms=120_000,
        )  # fmt: skip
        futures = []
        while not self.finishing.is_set():
            futures.append(producer.send(TOPIC, self.value(), partition=self.partition))
            time.sleep(0.001)
        producer.flush(DRAIN_SECONDS)
        for future in futures:
            future.get(1)
        producer.close()


@pytest.mark.parametrize("clean", [False, True], ids=["kill", "stop"])
def test_each_message_is_there_once(new_broker: NewBroker, seed: int, clean: bool) -> None:
    broker, dice = new_broker(**SETTINGS), random.Random(seed)
    with broker.start():
        with RawConnection(broker.port) as connection:
            assert connection.create_topic(TOPIC, 3) == 0
        producers = [
            kind(broker, number) for number, kind in enumerate((Librdkafka, KafkaPython, Librdkafka))
        ]
        for producer in producers:
            producer.start()
        for _ in range(ROUNDS[broker.kind] if not clean else ROUNDS[broker.kind] // 2):
            time.sleep(dice.uniform(0.2, 0.8))
            broker.stop() if clean else broker.kill()
            broker.start()
        time.sleep(0.5)
        for producer in producers:
            producer.finish()
        for producer in producers:
            found = [int(value.split()[0]) for _, value in read_all(broker, producer.partition)]
            assert len(found) > 100, "hardly anything was sent: the load was no load"
            assert found == list(range(producer.sent))
    del producers, producer
    gc.collect()  # kafka-python leaves sockets of failed connects behind: not in another test's hands
