"""The client's connection against brokers made of scripts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support.bytes import int16, int32
from tests.support.frames import eventually
from tests.support.scripted import Asked, api_versions_v0, api_versions_v3, scripted

from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.connection import Connection, ConnectionSettings
from ottla.net.errors import KafkaConnectionError
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.produce import ProduceRequest
from ottla.wire.registry import api_named

HEARTBEAT = api_named("Heartbeat")
API_VERSIONS = 18
RANGES = ((0, 3, 13), (12, 0, 3), (18, 0, 4))


def after_handshake(script: Callable[[Asked], Awaitable[None]]) -> Callable[[Asked], Awaitable[None]]:
    """Answers ApiVersions as a current broker does, and leaves the rest to `script`."""

    async def whole(asked: Asked) -> None:
        if asked.api_key == API_VERSIONS:
            asked.answer(api_versions_v3(*RANGES))
        else:
            await script(asked)

    return whole


async def silent(asked: Asked) -> None:
    """Takes a request and says nothing."""


def heartbeat_reply(code: int) -> bytes:
    return int32(0) + int16(code)


async def beat(connection: Connection, version: int = 3) -> HeartbeatResponse:
    response = await connection.send(HEARTBEAT, version, HeartbeatRequest(group_id="g", member_id="m"))
    assert isinstance(response, HeartbeatResponse)
    return response


async def test_versions_are_negotiated() -> None:
    asked_versions: list[tuple[int, str | None]] = []

    async def script(asked: Asked) -> None:
        asked_versions.append((asked.version, asked.client_id))
        asked.answer(api_versions_v3(*RANGES))

    async with scripted(script) as (host, port):
        connection = await Connection.open(host, port, ConnectionSettings(client_id="me"))
        assert connection.versions == {0: (3, 13), 12: (0, 3), 18: (0, 4)}
        assert connection.version(HEARTBEAT) == 3
        with pytest.raises(KafkaError, match="the broker does not serve Fetch") as caught:
            connection.version(api_named("Fetch"))
        assert caught.value.code is ErrorCode.UNSUPPORTED_VERSION
        connection.versions[12] = (7, 9)
        with pytest.raises(KafkaError, match="speaks Heartbeat versions 7 to 9, this client 0 to 4"):
            connection.version(HEARTBEAT)
        await connection.close()
    assert asked_versions == [(4, "me")]


@pytest.mark.parametrize(
    ("advertised", "then"),
    [(((18, 0, 3),), 3), (((18, 0, 0),), 0), ((), 0), (((18, 0, 9),), 3)],
    ids=["a broker of 2.4 to 3.8", "version 0 only", "an old broker that lists nothing", "one that lies"],
)
async def test_an_older_broker_is_asked_again_as_it_wants(
    advertised: tuple[tuple[int, int, int], ...], then: int
) -> None:
    asked_versions: list[int] = []

    async def script(asked: Asked) -> None:
        asked_versions.append(asked.version)
        if asked.version == 4:
            asked.answer(api_versions_v0(ErrorCode.UNSUPPORTED_VERSION, *advertised))
        else:
            asked.answer(api_versions_v0(0, *RANGES) if asked.version == 0 else api_versions_v3(*RANGES))

    async with scripted(script) as (host, port):
        connection = await Connection.open(host, port)
        assert connection.versions[12] == (0, 3)
        await connection.close()
    assert asked_versions == [4, then]


async def test_a_refusal_is_told() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(int16(ErrorCode.ILLEGAL_SASL_STATE) + api_versions_v3()[2:])

    async with scripted(script) as (host, port):
        with pytest.raises(KafkaError, match="refused ApiVersions version 4") as caught:
            await Connection.open(host, port)
        assert caught.value.code is ErrorCode.ILLEGAL_SASL_STATE


async def test_pipelined_requests_get_their_own_replies() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(heartbeat_reply(asked.correlation_id % 7))

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        responses = await asyncio.gather(*(beat(connection) for _ in range(500)))
        # ApiVersions was number 0, and sends leave in the order in which they were begun.
        assert [response.error_code for response in responses] == [number % 7 for number in range(1, 501)]
        assert connection.in_flight == 0
        await connection.close()


async def test_a_request_without_a_reply_shifts_nothing() -> None:
    seen: list[int] = []

    async def script(asked: Asked) -> None:
        seen.append(asked.api_key)
        if asked.api_key == HEARTBEAT.key:
            asked.answer(heartbeat_reply(0))

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        nothing = await connection.send(api_named("Produce"), 9, ProduceRequest(acks=0), expect_reply=False)
        assert nothing is None
        assert (await beat(connection)).error_code == 0
        await connection.close()
    assert seen == [0, HEARTBEAT.key]


async def test_nobody_listens() -> None:
    async with scripted(silent) as (host, port):
        pass
    with pytest.raises(
        KafkaConnectionError, match=f"{host}:{port}: connection refused: .*ottla serve"
    ) as caught:
        await Connection.open(host, port)
    assert caught.value.retriable
    assert caught.value.address == f"{host}:{port}"


async def test_an_unknown_host() -> None:
    with pytest.raises(KafkaConnectionError, match=r"no-such-host\.invalid:9092: unknown host .*advertised"):
        await Connection.open("no-such-host.invalid", 9092)


async def test_a_broker_that_says_nothing_in_the_handshake() -> None:
    async with scripted(silent) as (host, port):
        with pytest.raises(
            KafkaConnectionError, match=r"ApiVersions got no reply: no reply to ApiVersions in 0\.6 s"
        ):
            await Connection.open(host, port, ConnectionSettings(socket_connection_setup_timeout_ms=600))


async def test_a_request_that_times_out_takes_the_connection_with_it() -> None:
    async with scripted(after_handshake(silent)) as (host, port):
        connection = await Connection.open(host, port)
        slow = asyncio.ensure_future(connection.send(HEARTBEAT, 3, HeartbeatRequest(), timeout_ms=50))
        patient = asyncio.ensure_future(beat(connection))
        with pytest.raises(KafkaConnectionError, match=r"no reply to Heartbeat in 0\.05 s") as caught:
            await slow
        assert caught.value.code is ErrorCode.REQUEST_TIMED_OUT
        with pytest.raises(KafkaConnectionError, match="no reply to Heartbeat"):
            await patient
        assert not connection.is_open
        with pytest.raises(KafkaConnectionError, match="Heartbeat was not sent: no reply"):
            await beat(connection)
        await connection.close()


async def test_a_broker_that_closes_in_the_middle() -> None:
    async def script(asked: Asked) -> None:
        asked.writer.close()

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        with pytest.raises(
            KafkaConnectionError, match="Heartbeat got no reply: closed by the broker"
        ) as caught:
            await beat(connection)
        assert caught.value.code is ErrorCode.NETWORK_EXCEPTION
        assert not connection.is_open
        await connection.close()


async def test_a_cancelled_request_leaves_the_others_their_replies() -> None:
    held: list[Asked] = []

    async def script(asked: Asked) -> None:
        held.append(asked)

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        cancelled = asyncio.ensure_future(beat(connection))
        kept = asyncio.ensure_future(beat(connection))
        await eventually(lambda: len(held) == 2)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        held[0].answer(heartbeat_reply(1))
        held[1].answer(heartbeat_reply(2))
        assert (await kept).error_code == 2
        assert connection.is_open
        await connection.close()


async def test_a_reply_to_another_question_breaks_the_connection() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(heartbeat_reply(0), correlation_id=99)

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        with pytest.raises(KafkaConnectionError, match="sent reply 99 where reply 1 to Heartbeat was due"):
            await beat(connection)
        assert not connection.is_open
        await connection.close()


async def test_a_reply_nobody_asked_for_breaks_it_too() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(heartbeat_reply(0))
        asked.answer(heartbeat_reply(0))

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        await beat(connection)
        await eventually(lambda: not connection.is_open)
        await connection.close()


async def test_a_reply_that_cannot_be_read_costs_only_its_request() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(b"\0" if asked.correlation_id == 1 else heartbeat_reply(0))

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        with pytest.raises(KafkaError, match="the response to Heartbeat version 3 cannot be read") as caught:
            await beat(connection)
        assert caught.value.code is ErrorCode.CORRUPT_MESSAGE
        assert (await beat(connection)).error_code == 0
        await connection.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\2hm", b"\xff\xff\xff\xff"])
async def test_something_that_is_no_broker(answer: bytes) -> None:
    async def script(asked: Asked) -> None:
        asked.writer.write(answer)

    async with scripted(script) as (host, port):
        with pytest.raises(KafkaConnectionError):
            await Connection.open(host, port, ConnectionSettings(socket_connection_setup_timeout_ms=5_000))


async def test_an_answer_to_api_versions_that_cannot_be_read() -> None:
    async def script(asked: Asked) -> None:
        asked.answer(int16(0) + b"\xff\xff\xff\xff\x7f")

    async with scripted(script) as (host, port):
        with pytest.raises(KafkaConnectionError, match="its answer to ApiVersions cannot be read"):
            await Connection.open(host, port)


async def test_closing_fails_what_is_under_way_and_may_be_done_twice() -> None:
    async with scripted(after_handshake(silent)) as (host, port):
        connection = await Connection.open(host, port)
        waiting = asyncio.ensure_future(beat(connection))
        await eventually(lambda: connection.in_flight == 1)
        await connection.close()
        with pytest.raises(KafkaConnectionError, match="Heartbeat got no reply: closed by this client"):
            await waiting
        await connection.close()
        with pytest.raises(KafkaConnectionError, match="was not sent: closed by this client"):
            await beat(connection)


async def test_what_was_written_is_sent_before_the_close() -> None:
    """acks=0, then close: the records must still arrive."""
    seen = 0

    async def script(asked: Asked) -> None:
        nonlocal seen
        seen += 1

    async with scripted(after_handshake(script)) as (host, port):
        connection = await Connection.open(host, port)
        request = ProduceRequest(acks=0, transactional_id="x" * 10_000)
        sends = [connection.send(api_named("Produce"), 9, request, expect_reply=False) for _ in range(300)]
        tasks = [asyncio.ensure_future(send) for send in sends]
        await asyncio.sleep(0)
        await connection.close()
        await asyncio.gather(*tasks)
        await eventually(lambda: seen == 300)
