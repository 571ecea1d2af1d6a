"""Connections to a broker made of a script: opened again, closed when idle, quiet when throttled."""

import asyncio

from tests.support.bytes import int16, int32
from tests.support.frames import eventually
from tests.support.scripted import Asked, api_versions_v3, scripted

from ottla.client.brokers.address import Address
from ottla.client.brokers.connections import Connections
from ottla.client.config.settings import ClientSettings
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

HEARTBEAT, FIND_COORDINATOR, API_VERSIONS = 12, 10, 18
RANGES = ((HEARTBEAT, 0, 3), (FIND_COORDINATOR, 0, 2), (API_VERSIONS, 0, 4))


class Broker:
    """Answers heartbeats, with a throttle time once."""

    def __init__(self, throttle_ms: int = 0) -> None:
        self.throttle_ms = throttle_ms
        self.connections = 0

    async def __call__(self, asked: Asked) -> None:
        if asked.api_key == API_VERSIONS:
            self.connections += 1
            asked.answer(api_versions_v3(*RANGES))
        else:
            asked.answer(int32(self.throttle_ms) + int16(0))
            self.throttle_ms = 0


async def beat(connections: Connections, address: Address) -> None:
    answer = await connections.ask(address, HeartbeatRequest(), HeartbeatResponse)
    assert answer.error_code == 0


async def test_what_is_not_used_is_closed_and_opened_again() -> None:
    broker = Broker()
    async with scripted(broker) as server:
        address = Address(*server)
        connections = Connections(ClientSettings(connections_max_idle_ms=40))
        await beat(connections, address)
        assert address in connections
        await eventually(lambda: address not in connections)
        await beat(connections, address)
        assert broker.connections == 2
        await connections.close()


async def test_it_is_kept_for_ever_when_that_is_said() -> None:
    broker = Broker()
    async with scripted(broker) as server:
        address = Address(*server)
        connections = Connections(ClientSettings(connections_max_idle_ms=-1))
        await beat(connections, address)
        await asyncio.sleep(0.05)
        assert address in connections
        await connections.close()


async def test_a_throttled_client_is_told_and_waits() -> None:
    told: list[tuple[Address, str, int]] = []
    async with scripted(Broker(throttle_ms=50)) as server:
        address = Address(*server)
        connections = Connections(ClientSettings())
        connections.on_throttled = lambda *words: told.append(words)
        await beat(connections, address)
        await beat(connections, address)  # after the pause, whose length the unit tests of the link know
        assert told == [(address, "Heartbeat", 50)]
        await connections.close()


async def test_a_request_is_made_for_the_version_that_both_speak() -> None:
    versions: list[int] = []

    async def script(asked: Asked) -> None:
        if asked.api_key == API_VERSIONS:
            asked.answer(api_versions_v3(*RANGES))
        else:
            asked.answer(int32(0) + int16(0) + int16(-1) + int32(7) + int16(1) + b"h" + int32(9))

    def request(version: int) -> FindCoordinatorRequest:
        versions.append(version)
        return FindCoordinatorRequest(key="g")

    async with scripted(script) as server:
        connections = Connections(ClientSettings())
        answer = await connections.ask(Address(*server), request, FindCoordinatorResponse)
        assert (versions, answer.node_id) == ([2], 7)
        await connections.close()
