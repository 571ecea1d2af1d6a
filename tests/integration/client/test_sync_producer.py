"""The blocking producer."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer as TheirConsumer

from ottla.client.config.options import OptionError
from ottla.client.serdes import SerializationError
from ottla.client.sync.producer import Producer
from ottla.client.topic import Topic
from ottla.core.errors import KafkaError, RecordTooLargeError
from ottla.testing.broker_thread import BrokerThread


@dataclass
class Order:
    id: str


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with BrokerThread(num_partitions=2) as broker:
        yield broker.bootstrap_servers


def read(servers: str, topic: str, count: int) -> list[tuple[int, bytes | None]]:
    config = {"bootstrap.servers": servers, "group.id": topic, "auto.offset.reset": "earliest"}
    consumer = TheirConsumer(config)
    consumer.subscribe([topic])
    try:
        return [(message.partition() or 0, message.value()) for message in consumer.consume(count, 30)]
    finally:
        consumer.close()


def test_one_at_a_time(servers: str) -> None:
    orders = Topic("one", key=str, value=Order)
    with Producer(servers, linger_ms=0) as producer:
        saved = [producer.send(orders, Order(str(number)), key="k", partition=1) for number in range(3)]
        assert producer.partitions_for("one") == [0, 1]
        assert producer.health() is not None
    assert [(each.topic, each.partition, each.offset) for each in saved] == [("one", 1, n) for n in range(3)]
    assert read(servers, "one", 3) == [(1, b'{"id":"%d"}' % number) for number in range(3)]


def test_many_from_many_threads_all_arrive_in_the_order_of_their_thread(servers: str) -> None:
    def send(name: int) -> None:
        futures[name] = [producer.send_nowait("many", b"%d %d" % (name, n), partition=0) for n in range(500)]

    futures: dict[int, list] = {}
    with Producer(servers) as producer:
        threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        producer.flush()
        assert all(future.done() for each in futures.values() for future in each)
    for name, each in futures.items():
        offsets = [future.result().offset for future in each]
        assert offsets == sorted(offsets), name
    values = [value for _, value in read(servers, "many", 2000)]
    for name in range(4):
        assert [v for v in values if v and v.startswith(b"%d " % name)] == [
            b"%d %d" % (name, n) for n in range(500)
        ]


def test_every_way_to_send_keeps_the_order_of_its_thread(servers: str) -> None:
    with Producer(servers) as producer:
        for number in range(300):
            producer.send_nowait("ways", b"%d" % number, partition=0)
        producer.send("ways", b"300", partition=0)
        producer.send_nowait("ways", b"301", partition=0)
        sent = producer.send_many("ways", [b"302", b"303"], partition=0)
        assert [each.offset for each in sent] == [302, 303]
    assert [value for _, value in read(servers, "ways", 304)] == [b"%d" % number for number in range(304)]


def test_close_delivers_and_an_exception_gives_up(servers: str) -> None:
    with Producer(servers, linger_ms=10_000) as producer:
        future = producer.send_nowait("close", b"v")
    assert future.result(0).offset == 0
    producer = Producer(servers, linger_ms=10_000)
    producer.start()
    producer.partitions_for("close")
    future = producer.send_nowait("close", b"given up", partition=0)
    producer.__exit__(LookupError, LookupError(), None)
    with pytest.raises(KafkaError, match="the producer was closed"):
        future.result(0)


def test_errors_reach_whoever_sent(servers: str) -> None:
    orders = Topic("errors", value=Order)
    with Producer(servers, max_request_size=1000) as producer:
        with pytest.raises(SerializationError, match="topic errors: the value"):
            producer.send(orders, "no order")  # type: ignore[call-overload]
        with pytest.raises(SerializationError, match="topic errors: the value"):
            producer.send_nowait(orders, 7)  # type: ignore[call-overload]
        with pytest.raises(KafkaError, match="has no partition 7"):
            producer.send_nowait("errors", b"v", partition=7).result(10)
        with pytest.raises(RecordTooLargeError):
            producer.send("errors", bytes(2000))
        assert producer.send(orders, Order("1")).offset == 0


def test_what_is_sent_is_what_it_was_then(servers: str) -> None:
    orders, order = Topic("then", value=Order), Order("0")
    content = bytearray(b"0")
    with Producer(servers) as producer:
        for number in range(5):
            order.id, content[:] = str(number), b"%d" % number
            producer.send_nowait(orders, order, partition=0)
            producer.send_nowait("then", content, key=content, headers={"h": content}, partition=0)
    expected = [each for n in range(5) for each in (b'{"id":"%d"}' % n, b"%d" % n)]
    assert [value for _, value in read(servers, "then", 10)] == expected


def test_a_full_buffer_makes_the_sender_wait_and_nothing_is_lost(servers: str) -> None:
    with Producer(servers, buffer_memory=64 * 1024, batch_size=16 * 1024) as producer:
        futures = [producer.send_nowait("full", bytes(4096), partition=0) for _ in range(200)]
        producer.flush()
        assert [future.result(0).offset for future in futures] == list(range(200))


def test_a_broker_that_is_gone_is_said() -> None:
    with (
        pytest.raises(KafkaError),
        Producer("127.0.0.1:1", request_timeout_ms=200, default_api_timeout_ms=300),
    ):
        pass
    assert not [thread for thread in threading.enumerate() if thread.name == "ottla"]


def test_before_start_and_after_close_it_says_so(servers: str) -> None:
    producer = Producer(servers)
    for call in (lambda: producer.send("t", b""), lambda: producer.send_nowait("t", b""), producer.flush):
        with pytest.raises(RuntimeError, match="not started, or closed"):
            call()
    producer.start()
    producer.close()
    producer.close()
    with pytest.raises(RuntimeError, match="not started, or closed"):
        producer.send_nowait("t", b"")


def test_options_are_checked_at_once(servers: str) -> None:
    with pytest.raises(OptionError):
        Producer(servers, ack="all")  # type: ignore[call-arg]
    with Producer.from_config({"bootstrap.servers": servers, "acks": "1"}) as producer:
        assert producer.settings.acks == 1
        assert producer.send("config", b"v").offset == 0


def test_callbacks_may_not_block_but_are_told(servers: str) -> None:
    with Producer(servers) as producer:
        told: list[BaseException | None] = []
        done = threading.Event()

        def callback(future: object) -> None:
            try:
                producer.send("callback", b"again")
            except RuntimeError as error:
                told.append(error)
            done.set()

        producer.send_nowait("callback", b"v").add_done_callback(callback)
        assert done.wait(10)
        assert "would wait for ever" in str(told)
