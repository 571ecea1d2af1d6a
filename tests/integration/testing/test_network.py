"""The network that fails when a test wants it to."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer as TheirConsumer
from confluent_kafka import Producer as TheirProducer

from ottla.testing import Broker, BrokerProcess, Proxy

SECONDS = 10.0


class Echo:
    """A server that sends back what it gets, and counts its connections' ends."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = self._listening.getsockname()
        self.ended: list[str] = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._echo, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _echo(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
                self.ended.append("end")
            except OSError as error:
                self.ended.append(type(error).__name__)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.address) as between:
        yield between


def connect(proxy: Proxy) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", proxy.port), SECONDS)
    connection.settimeout(SECONDS)
    return connection


def read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
    return data


def until(condition: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if condition():
            return
        deadline.wait(0.01)
    raise AssertionError("it did not come about")


def test_without_faults_everything_passes_in_both_directions(proxy: Proxy, echo: Echo) -> None:
    data = bytes(range(256)) * 8192
    with connect(proxy) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        assert read(connection, len(data)) == data
        sender.join()
        assert proxy.connections == proxy.accepted == 1
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    until(lambda: proxy.connections == 0)
    assert echo.ended == ["end"]
    assert proxy.to_broker.bytes_delivered == proxy.to_client.bytes_delivered == len(data)


@pytest.mark.parametrize("direction", ["to_broker", "to_client"])
def test_it_cuts_after_so_many_bytes_once(proxy: Proxy, echo: Echo, direction: str) -> None:
    faults = getattr(proxy, direction)
    faults.cut_after_bytes = 5
    with connect(proxy) as connection:
        connection.sendall(b"12345678")
        delivered = read(connection, 8)
    assert faults.bytes_delivered == 5
    assert delivered in ((b"12345",) if direction == "to_client" else (b"", b"12345"))
    assert faults.cut_after_bytes is None
    with connect(proxy) as connection:
        connection.sendall(b"12345678")
        assert read(connection, 8) == b"12345678"


def test_the_count_to_the_cut_goes_over_several_sends(proxy: Proxy) -> None:
    proxy.to_client.cut_after_bytes = 3
    with connect(proxy) as connection:
        connection.sendall(b"12")
        assert read(connection, 2) == b"12"
        assert proxy.to_client.cut_after_bytes == 1
        connection.sendall(b"34")
        assert read(connection, 2) == b"3"


def test_stalled_nothing_arrives_and_healed_it_does(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as connection, connect(proxy) as ended:
        until(lambda: proxy.connections == 2)
        proxy.stall()
        connection.sendall(b"held")
        ended.close()
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert echo.ended == [], "the end of a stream is held as well"
        with connect(proxy) as late:
            late.sendall(b"late")
            proxy.heal()
            connection.settimeout(SECONDS)
            assert read(connection, 4) == b"held"
            assert read(late, 4) == b"late"
        until(lambda: "end" in echo.ended)


def test_one_direction_stalls_alone(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        proxy.to_client.stalled = True
        connection.sendall(b"12")
        until(lambda: proxy.to_broker.bytes_delivered == 2)
        assert proxy.to_client.bytes_delivered == 0
        proxy.to_client.stalled = False
        assert read(connection, 2) == b"12"


def test_latency_delays_each_byte_and_keeps_their_order(proxy: Proxy) -> None:
    proxy.to_client.latency_ms = 50
    clock = asyncio.new_event_loop()
    with connect(proxy) as connection:
        began = clock.time()
        for index in range(50):
            connection.sendall(bytes((index,)))
        assert read(connection, 50) == bytes(range(50))
        assert clock.time() - began >= 0.05
    clock.close()


def test_bandwidth_is_kept_to(proxy: Proxy) -> None:
    proxy.to_broker.bytes_per_second = 10_000
    clock = asyncio.new_event_loop()
    with connect(proxy) as connection:
        began = clock.time()
        connection.sendall(bytes(2000))
        assert len(read(connection, 2000)) == 2000
        assert clock.time() - began >= 0.2
    clock.close()


def test_refused_and_then_taken_again_on_the_same_port(proxy: Proxy) -> None:
    port = proxy.port
    with connect(proxy) as before:
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        before.sendall(b"open ones stay")
        assert read(before, 14) == b"open ones stay"
        proxy.accept()
        with connect(proxy) as connection:
            connection.sendall(b"1")
            assert read(connection, 1) == b"1"
    assert proxy.port == port


def test_cut_ends_a_connection_and_reset_resets_it(proxy: Proxy, echo: Echo) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"1")
        assert read(connection, 1) == b"1"
        proxy.cut()
        assert connection.recv(1) == b""
    with connect(proxy) as connection:
        connection.sendall(b"1")
        assert read(connection, 1) == b"1"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    until(lambda: len(echo.ended) == 2)
    assert echo.ended == ["end", "ConnectionResetError"]


def test_without_a_broker_connections_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()
    for target in (None, gone):
        with Proxy(target) as proxy, connect(proxy) as connection:
            assert connection.recv(1) == b""


def test_it_must_be_started() -> None:
    with pytest.raises(RuntimeError, match="use it in a with block"):
        Proxy().refuse()


async def test_a_real_client_goes_on_after_every_fault() -> None:
    """librdkafka sees the broker through the proxy only, also in its metadata."""
    with Proxy() as proxy:
        async with Broker(advertised_listeners=proxy.listener) as broker:
            proxy.target = ("127.0.0.1", broker.port)
            sent = await asyncio.to_thread(_send_through, proxy)
            assert await asyncio.to_thread(_read_all, proxy.bootstrap_servers, len(sent)) == sent


def _send_through(proxy: Proxy) -> list[bytes]:
    config = {
        "bootstrap.servers": proxy.bootstrap_servers,
        "reconnect.backoff.ms": 10,
        "socket.timeout.ms": 1000,
    }
    producer = TheirProducer(
        {**config, "enable.idempotence": True, "reconnect.backoff.max.ms": 50, "linger.ms": 0}
    )

    def refuse() -> None:
        proxy.refuse()
        proxy.reset()
        threading.Timer(0.1, proxy.accept).start()

    def cut_request() -> None:
        proxy.to_broker.cut_after_bytes = 20

    def cut_reply() -> None:
        proxy.to_client.cut_after_bytes = 20

    sent = []
    for index, fault in enumerate([None, refuse, cut_request, cut_reply, proxy.reset, proxy.cut]):
        if fault is not None:
            fault()
        sent.append(b"%d" % index)
        producer.produce("t", sent[-1], partition=0)
        assert producer.flush(30) == 0
    return sent


def _read_all(servers: str, count: int) -> list[bytes | None]:
    config = {"bootstrap.servers": servers, "group.id": "g", "auto.offset.reset": "earliest"}
    consumer = TheirConsumer(config)
    consumer.subscribe(["t"])
    try:
        return [message.value() for message in consumer.consume(count, 30)]
    finally:
        consumer.close()


def test_a_broker_in_a_process_of_its_own_stays_behind_it() -> None:
    with Proxy() as proxy, BrokerProcess(advertised_listeners=proxy.listener) as broker:
        proxy.target = ("127.0.0.1", broker.port)
        producer = TheirProducer({"bootstrap.servers": broker.bootstrap_servers})
        producer.produce("t", b"v")
        assert producer.flush(30) == 0
        assert proxy.to_broker.bytes_delivered > 0, "metadata names the proxy, also when asked directly"
