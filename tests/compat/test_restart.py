"""The broker goes away and comes back while clients produce and consume: nothing missing, nothing out of order."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from kafka import KafkaProducer
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]

TOPIC = "restarts"
PACE_SECONDS = 0.002


def produce_with_confluent(bootstrap: str, numbers: Iterator[int]) -> None:
    producer = Producer({
        "bootstrap.servers": bootstrap, "acks": "all", "max.in.flight": 1, "log_level": 0,
        "reconnect.backoff.max.ms": 200, "message.timeout.ms": 60_000, "error_cb": lambda _error: None,
    })  # fmt: skip
    failed: list[object] = []
    for number in numbers:
        producer.produce(
            TOPIC, b"%d" % number, partition=0, on_delivery=lambda error, _: failed.append(error)
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    assert set(failed) == {None}


def produce_with_kafka_python(bootstrap: str, numbers: Iterator[int]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=False, max_in_flight_requests_per_connection=1,
        retries=1_000, retry_backoff_ms=50, reconnect_backoff_max_ms=200, delivery_timeout_ms=60_000,
    )  # fmt: skip
    sent = [producer.send(TOPIC, b"%d" % number, partition=0) for number in numbers]
    for future in sent:
        future.get(timeout=60)
    producer.close()


def produce_with_aiokafka(bootstrap: str, numbers: Iterator[int]) -> None:
    async def produce() -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", request_timeout_ms=60_000, retry_backoff_ms=50
        ) as producer:
            sent = []
            for number in numbers:
                sent.append(await producer.send(TOPIC, b"%d" % number, partition=0))
                await asyncio.sleep(0)
            await asyncio.wait_for(asyncio.gather(*sent), 60)

    asyncio.run(produce())


class Reader(threading.Thread):
    """Consumes from the beginning through it all, with one consumer."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(daemon=True)
        self.bootstrap = bootstrap
        self.values: list[int] = []
        self.end = threading.Event()

    def run(self) -> None:
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "none", "enable.auto.commit": False,
            "reconnect.backoff.max.ms": 200, "log_level": 0, "error_cb": lambda _error: None,
        })  # fmt: skip
        consumer.assign([TopicPartition(TOPIC, 0, OFFSET_BEGINNING)])
        while not self.end.is_set():
            self.values += [
                int(message.value() or b"-1")
                for message in consumer.consume(1_000, timeout=0.2)
                if message.error() is None
            ]
        consumer.close()

    def wait_for(self, number: int) -> None:
        deadline = time.monotonic() + 60
        while number not in self.values[-2_000:]:
            assert time.monotonic() < deadline, f"{number} did not come: {self.values[-5:]}"
            time.sleep(0.05)


class Numbers:
    """Paces the producer, and ends when told."""

    def __init__(self) -> None:
        self.count = 0
        self.end = threading.Event()

    def __iter__(self) -> Iterator[int]:
        while not self.end.is_set():
            yield self.count
            self.count += 1
            time.sleep(PACE_SECONDS)


@pytest.mark.parametrize(
    "produce",
    [produce_with_confluent, produce_with_kafka_python, produce_with_aiokafka],
    ids=lambda way: way.__name__,
)
def test_clients_go_on_through_restarts(
    new_broker: NewBroker, produce: Callable[[str, Iterator[int]], None]
) -> None:
    broker = new_broker().start()
    with RawConnection(broker.port) as connection:
        assert connection.create_topic(TOPIC) == 0
    numbers, reader = Numbers(), Reader(broker.bootstrap)
    reader.start()
    failure: list[BaseException] = []

    def work() -> None:
        try:
            produce(broker.bootstrap, iter(numbers))
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            failure.append(error)

    producer = threading.Thread(target=work, daemon=True)
    producer.start()
    for end in (broker.stop, broker.kill):
        progress(reader)
        end()
        time.sleep(0.3)
        broker.start()
    progress(reader)
    numbers.end.set()
    producer.join(70)
    assert failure == []
    reader.wait_for(numbers.count - 1)
    reader.end.set()
    reader.join()
    assert_complete(reader.values, numbers.count, broker)
    gc.collect()  # sockets that kafka-python left behind: their warnings belong here, where they are ignored


def progress(reader: Reader) -> None:
    """Load goes through: a hundred more messages have arrived."""
    wanted = len(reader.values) + 100
    deadline = time.monotonic() + 60
    while len(reader.values) < wanted:
        assert time.monotonic() < deadline, "no progress"
        time.sleep(0.02)


def assert_complete(values: list[int], count: int, broker: BrokerProcess) -> None:
    """Every number, for the first time in order; a number again only where a client had to send again."""
    firsts = list(dict.fromkeys(values))
    assert firsts == list(range(count)), broker.log_tail()
    assert len(values) - count < count, "more repetitions than messages"
