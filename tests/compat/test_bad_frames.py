"""Frames that no client should send: refused as Apache Kafka refuses them, while the others are served on."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest
from tests.compat.witness import Witness, one_record
from tests.support.bytes import Reader, array, int8, int16, int32, int64, string
from tests.support.process import BrokerProcess
from tests.support.wire import (
    API_VERSIONS,
    FETCH,
    METADATA,
    PRODUCE,
    RawConnection,
    parse_produced,
    produce_body,
)

pytestmark = [pytest.mark.compat, pytest.mark.usefixtures("witness")]

ALL_TOPICS = array(None) + int8(0) * 3
HUGE = 2**31 - 1


def header(api_key: int, version: int, correlation_id: int = 7) -> bytes:
    return int16(api_key) + int16(version) + int32(correlation_id) + string("raw")


def sized(payload: bytes) -> bytes:
    return int32(len(payload)) + payload


REFUSED = {
    "unknown api key": sized(header(999, 0)),
    "negative api key": sized(header(-1, 0)),
    "api of controllers only": sized(header(52, 0) + b"\0" * 20),
    "api removed in 4.0": sized(header(4, 0) + b"\0" * 20),
    "metadata version too new": sized(header(METADATA, 99) + ALL_TOPICS),
    "negative version": sized(header(METADATA, -1) + ALL_TOPICS),
    "produce version too old": sized(header(PRODUCE, 2) + int16(-1) + int32(1000) + array([])),
    "fetch version too old": sized(header(FETCH, 3) + b"\0" * 40),
    "negative frame size": int32(-1),
    "most negative frame size": struct.pack(">I", 0x80000000),
    "frame size over the limit": int32(HUGE) + b"\0" * 100,
    "frame size one over the limit": int32(104_857_601),
    "a web browser": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "empty frame": int32(0),
    "frame shorter than a header": sized(int16(METADATA) + int16(8)),
    "body cut short": sized(header(METADATA, 8) + int32(1) + int16(50) + b"abc"),
    "no body": sized(header(METADATA, 8)),
    "array longer than the frame": sized(header(METADATA, 8) + int32(HUGE) + b"\0" * 30),
    "array longer than anyone needs": sized(header(METADATA, 8) + int32(1_000_001) + b"\0" * 30),
    "negative string": sized(header(METADATA, 8) + int32(1) + int16(-2) + int8(0) * 3),
    "null where a name must be": sized(header(METADATA, 8) + int32(1) + int16(-1) + int8(0) * 3),
    "records longer than the frame": sized(
        header(PRODUCE, 8) + string(None) + int16(-1) + int32(1000)
        + array([string("x") + array([int32(0) + int32(HUGE) + b"abc"])])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_frame_that_cannot_be_read_closes_the_connection(name: str, broker: BrokerProcess) -> None:
    lines_before = len(broker.log_lines())
    # A host of its own for each: Ottla does not repeat the same complaint about the same host.
    host = f"127.0.1.{list(REFUSED).index(name) + 1}"
    with RawConnection(broker.port, timeout=10, source=host) as connection:
        connection.socket.sendall(REFUSED[name])
        assert connection.closed_by_broker()
    if broker.kind == "ottla":
        assert_logged_in_one_line(broker, lines_before, host)


def assert_logged_in_one_line(broker: BrokerProcess, lines_before: int, host: str) -> None:
    """One line about it, which names the host, no stack; the line may come a moment after the close."""
    deadline = time.monotonic() + 5
    while not (lines := broker.log_lines()[lines_before:]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [host in line for line in lines] == [True], lines


def test_replies_before_the_bad_frame_still_arrive(connection: RawConnection, ready_topic: str) -> None:
    correlation_id = connection.send(PRODUCE, 8, produce_body(ready_topic, 0, one_record()))
    connection.socket.sendall(REFUSED["unknown api key"])
    assert parse_produced(connection.reply(correlation_id)).error == 0
    assert connection.closed_by_broker()


@pytest.mark.parametrize("version", [5, 99, 32767])
def test_api_versions_too_new_is_answered_in_version_0(connection: RawConnection, version: int) -> None:
    body = b"\0" + b"\x05test" + b"\x021" + b"\0"
    reader = connection.request(API_VERSIONS, version, body)
    assert reader.int16() == 35
    assert reader.array(lambda: (reader.int16(), reader.int16(), reader.int16())) == [(18, 0, 4)]
    assert reader.position == len(reader.buffer), "nothing follows in version 0"
    assert connection.api_versions()[18] == (0, 4), "the connection stays usable"


def test_api_versions_with_a_bad_software_name(connection: RawConnection) -> None:
    body = b"\0" + b"\x03!!" + b"\x021" + b"\0"
    assert connection.request(API_VERSIONS, 3, body).int16() == 42


def test_half_a_frame_and_silence(broker: BrokerProcess, ready_topic: str, witness: Witness) -> None:
    with RawConnection(broker.port) as slow:
        frame = slow.frame(PRODUCE, 8, produce_body(ready_topic, 0, one_record(b"x" * 100_000)))
        for cut in (2, 20, 50_000):
            with RawConnection(broker.port) as other:
                other.socket.sendall(frame[:cut])
                witness.assert_served()
        slow.socket.sendall(frame[:70_000])
        witness.assert_served()
        slow.socket.sendall(frame[70_000:])
        assert parse_produced(slow.reply(slow.correlation_id)).error == 0


@pytest.mark.parametrize("said", [0, 2, 20])
def test_silence_is_ended(impatient_broker: BrokerProcess, said: int) -> None:
    """`connections.max.idle.ms` closes who says nothing, be it in the middle of a frame; who speaks may stay."""
    with RawConnection(impatient_broker.port) as silent, RawConnection(impatient_broker.port) as talking:
        silent.socket.sendall(silent.frame(METADATA, 8, ALL_TOPICS)[:said])
        silent.socket.settimeout(0.1)
        deadline = time.monotonic() + 20
        while not ended(silent):
            assert time.monotonic() < deadline, "still open"
            assert talking.metadata([]).brokers
        assert talking.metadata([]).brokers


def ended(connection: RawConnection) -> bool:
    try:
        return connection.closed_by_broker()
    except TimeoutError:
        return False


@pytest.fixture(scope="module")
def impatient_broker(
    broker_kind: type[BrokerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerProcess]:
    process = broker_kind(tmp_path_factory.mktemp("impatient"), {"connections.max.idle.ms": "1000"})
    with process.start():
        yield process


def test_a_frame_byte_by_byte(connection: RawConnection, ready_topic: str) -> None:
    for byte in connection.frame(PRODUCE, 8, produce_body(ready_topic, 0, one_record())):
        connection.socket.sendall(bytes([byte]))
    assert parse_produced(connection.reply(connection.correlation_id)).error == 0


def test_many_frames_in_one_piece(connection: RawConnection, ready_topic: str) -> None:
    body = produce_body(ready_topic, 0, one_record())
    connection.socket.sendall(b"".join(connection.frame(PRODUCE, 8, body) for _ in range(200)))
    first = connection.correlation_id - 199
    offsets = [parse_produced(connection.reply(first + number)).base_offset for number in range(200)]
    assert offsets == list(range(200))


def test_gone_before_the_answer(broker: BrokerProcess, ready_topic: str, witness: Witness) -> None:
    for _ in range(20):
        with RawConnection(broker.port) as hasty:
            hasty.send(PRODUCE, 8, produce_body(ready_topic, 0, one_record()))
            hasty.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    witness.assert_served()


def test_junk_after_a_whole_body(connection: RawConnection) -> None:
    payload = header(API_VERSIONS, 0) + b"junk"
    connection.socket.sendall(sized(payload))
    reader = Reader(connection.receive())
    assert (reader.int32(), reader.int16()) == (7, 0)


def test_unknown_tagged_fields_are_skipped(connection: RawConnection) -> None:
    """ApiVersions v3 with a tag 77 in the header and one in the body."""
    tags = b"\x01\x4d\x03abc"
    payload = int16(18) + int16(3) + int32(9) + string("raw") + tags + b"\x05test\x021" + tags
    connection.socket.sendall(sized(payload))
    reader = Reader(connection.receive())
    assert (reader.int32(), reader.int16()) == (9, 0)


def test_a_fetch_nobody_waits_for(broker: BrokerProcess, ready_topic: str, witness: Witness) -> None:
    with RawConnection(broker.port) as impatient:
        limits = int32(-1) + int32(300_000) + int32(1) + int32(1 << 20) + int8(0) + int32(0) + int32(-1)
        wanted = string(ready_topic) + array([int32(0) + int32(-1) + int64(0) + int64(-1) + int32(1 << 20)])
        impatient.send(FETCH, 11, limits + array([wanted]) + array([]) + string(""))
    witness.assert_served()
