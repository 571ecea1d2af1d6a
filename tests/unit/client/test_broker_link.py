"""The link to one broker: who waits, who shares a failure, when it is quiet and when it authenticates again."""

import asyncio
from typing import Any

import pytest

from ottla.client.brokers import link as broker_link
from ottla.client.brokers.address import Address
from ottla.client.brokers.link import BrokerLink
from ottla.client.config.settings import ClientSettings
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.connection import ConnectionSettings
from ottla.net.errors import KafkaConnectionError

SETTINGS = ClientSettings(reconnect_backoff_ms=10, reconnect_backoff_max_ms=40)


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now_ms(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


class FakeConnection:
    def __init__(self, lifetime_ms: int = 0) -> None:
        self.is_open = True
        self.in_flight = 0
        self.session_lifetime_ms = lifetime_ms
        self.authenticated = 0
        self.refusal: KafkaError | None = None

    async def authenticate(self) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.authenticated += 1

    async def close(self) -> None:
        self.is_open = False


class Opener:
    """In place of `Connection`: opens what it is told, and fails as often as it is told."""

    def __init__(self) -> None:
        self.failures = 0
        self.lifetime_ms = 0
        self.opened: list[FakeConnection] = []
        self.attempts = 0

    async def open(self, *_: Any) -> FakeConnection:
        self.attempts += 1
        await asyncio.sleep(0.001)
        if self.failures:
            self.failures -= 1
            raise KafkaConnectionError("b:1", f"refused {self.attempts}")
        self.opened.append(FakeConnection(self.lifetime_ms))
        return self.opened[-1]


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    opener = Opener()
    monkeypatch.setattr(broker_link, "Connection", opener)
    return opener


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, none of which is made."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        if seconds > 0.001:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(broker_link.asyncio, "sleep", pause)
    return pauses


def new_link(clock: FakeClock | None = None) -> BrokerLink:
    return BrokerLink(Address("b", 1), SETTINGS, ConnectionSettings(), clock or FakeClock())


async def test_many_who_need_it_open_one(opener: Opener) -> None:
    link = new_link()
    connections = await asyncio.gather(*(link.connection() for _ in range(10)))
    assert connections == [opener.opened[0]] * 10
    assert link.is_open


async def test_a_failure_is_shared_by_those_in_line(opener: Opener) -> None:
    link = new_link()
    opener.failures = 1
    results = await asyncio.gather(*(link.connection() for _ in range(5)), return_exceptions=True)
    assert [str(result) for result in results] == ["b:1: refused 1"] * 5
    assert opener.attempts == 1
    assert link.is_resting


async def test_the_next_attempt_waits_longer_each_time(opener: Opener, slept: list[float]) -> None:
    clock = FakeClock()
    link = new_link(clock)
    opener.failures = 5
    for _ in range(5):
        with pytest.raises(KafkaConnectionError):
            await link.connection()
    await link.connection()
    for pause, milliseconds in zip(slept, (10, 20, 40, 40, 40), strict=True):
        assert 0.8 * milliseconds / 1000 <= pause <= 1.2 * milliseconds / 1000
    opener.opened[0].is_open = False
    clock.seconds += 1
    await link.connection()
    assert len(slept) == 5  # a success ends the series


async def test_one_that_broke_is_opened_again(opener: Opener) -> None:
    link = new_link()
    await link.connection()
    opener.opened[0].is_open = False
    assert not link.is_open
    assert await link.connection() is opener.opened[1]  # type: ignore[comparison-overlap]


async def test_a_throttled_broker_hears_nothing_for_a_while(opener: Opener, slept: list[float]) -> None:
    clock = FakeClock()
    link = new_link(clock)
    await link.connection()
    link.throttled(500)
    link.throttled(200)
    await link.connection()
    assert slept == [0.5]
    clock.seconds += 0.5
    await link.connection()
    assert slept == [0.5]


async def test_a_session_is_renewed_before_its_end(opener: Opener) -> None:
    clock = FakeClock()
    opener.lifetime_ms = 10_000
    link = new_link(clock)
    await link.connection()
    clock.seconds += 8.4
    await link.connection()
    assert opener.opened[0].authenticated == 0
    clock.seconds += 1.2
    await asyncio.gather(link.connection(), link.connection())
    assert opener.opened[0].authenticated == 1
    assert len(opener.opened) == 1


async def test_a_session_that_cannot_be_renewed_ends_the_connection(opener: Opener) -> None:
    clock = FakeClock()
    opener.lifetime_ms = 10_000
    link = new_link(clock)
    await link.connection()
    opener.opened[0].refusal = KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED)
    clock.seconds += 10
    with pytest.raises(KafkaError, match="SASL_AUTHENTICATION_FAILED"):
        await link.connection()
    assert not opener.opened[0].is_open
    assert await link.connection() is opener.opened[1]  # type: ignore[comparison-overlap]


async def test_idle_is_without_requests_and_without_replies_to_come(opener: Opener) -> None:
    clock = FakeClock()
    link = new_link(clock)
    await link.connection()
    clock.seconds += 60
    assert link.idle_s() == 60
    opener.opened[0].in_flight = 1
    assert link.idle_s() == 0


async def test_a_closed_link_opens_nothing(opener: Opener) -> None:
    link = new_link()
    await link.close()
    with pytest.raises(KafkaError, match="this client is closed"):
        await link.connection()
    waiting = new_link()
    opening = asyncio.ensure_future(waiting.connection())
    await asyncio.sleep(0)
    await waiting.close()
    with pytest.raises(KafkaError, match="this client is closed"):
        await opening
    assert not opener.opened[0].is_open
