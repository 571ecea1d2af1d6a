"""Coordinators in a whole broker: made when first asked for, gone with their topic, closed before the rest."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest

from ottla.client import Admin
from ottla.client.admin import ConfigResource, ResourceType
from ottla.client.brokers.address import Address
from ottla.client.brokers.connections import Connections
from ottla.client.config.settings import ClientSettings
from ottla.core.errors import ErrorCode
from ottla.testing import Broker
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from ottla.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from ottla.wire.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from ottla.wire.schema import Message

Response = TypeVar("Response", bound=Message)
OFFSETS_TOPIC = "__consumer_offsets"


class Desk:
    """Connections of two members, who must not wait for one another."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.connections = [Connections(ClientSettings()) for _ in range(2)]

    async def ask(
        self, request: Message, response: type[Response], version: int, member: int = 0
    ) -> Response:
        address = Address("127.0.0.1", self.broker.port)
        return await self.connections[member].ask(address, request, response, version)

    async def find(self, *groups: str) -> FindCoordinatorResponse:
        request = FindCoordinatorRequest(coordinator_keys=[*groups])
        return await self.ask(request, FindCoordinatorResponse, 6)

    async def join(self, member_id: str = "", member: int = 0) -> Any:
        request = JoinGroupRequest(
            group_id="g",
            member_id=member_id,
            session_timeout_ms=30_000,
            rebalance_timeout_ms=30_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        return await self.ask(request, JoinGroupResponse, 3, member)

    async def until_rebalancing(self, member_id: str, generation_id: int) -> None:
        """The other's join is parked."""
        request = HeartbeatRequest(group_id="g", member_id=member_id, generation_id=generation_id)
        code = 0
        while code != ErrorCode.REBALANCE_IN_PROGRESS:
            code = (await self.ask(request, HeartbeatResponse, 3)).error_code

    async def close(self) -> None:
        for connections in self.connections:
            await connections.close()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with Broker() as broker:
        desk = Desk(broker)
        yield desk
        await desk.close()


async def parked(desk: Desk) -> "asyncio.Task[Any]":
    first = await desk.join()
    parked = asyncio.ensure_future(desk.join(member=1))
    await desk.until_rebalancing(first.member_id, first.generation_id)
    assert not parked.done()
    return parked


async def test_the_first_questions_make_the_topic_once(desk: Desk) -> None:
    async with Admin(desk.broker.bootstrap_servers) as admin:
        assert OFFSETS_TOPIC not in [topic.name for topic in await admin.list_topics()]
        answers = await asyncio.gather(*(desk.find("a", "b") for _ in range(10)))
        found = [each for answer in answers for each in answer.coordinators]
        assert {(each.error_code, each.node_id) for each in found} == {(0, 1)}
        resource = ConfigResource(ResourceType.TOPIC, OFFSETS_TOPIC)
        entries = (await admin.describe_configs([resource])).one(resource)
        configs = {entry.name: entry.value for entry in entries.values()}
        assert configs["cleanup.policy"] == "compact"


async def test_before_there_is_the_topic_nobody_coordinates(desk: Desk) -> None:
    assert (await desk.join()).error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert (await desk.ask(ListGroupsRequest(), ListGroupsResponse, 5)).groups == []


async def test_a_stop_does_not_wait_for_parked_joins(desk: Desk) -> None:
    await desk.find("g")
    waiting = await parked(desk)
    await asyncio.wait_for(desk.broker.stop(), 30)
    assert (await asyncio.wait_for(waiting, 30)).error_code == ErrorCode.NOT_COORDINATOR


async def test_members_of_a_deleted_offsets_topic_begin_anew(desk: Desk) -> None:
    await desk.find("g")
    waiting = await parked(desk)
    async with Admin(desk.broker.bootstrap_servers) as admin:
        await admin.delete_topic(OFFSETS_TOPIC)
    assert (await asyncio.wait_for(waiting, 30)).error_code == ErrorCode.NOT_COORDINATOR
    assert (await desk.join()).error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    await desk.find("g")
    assert (await desk.join()).error_code == 0


async def test_groups_are_there_after_a_restart(desk: Desk) -> None:
    await desk.find("g")
    await desk.join()
    before = await desk.ask(ListGroupsRequest(), ListGroupsResponse, 5)
    assert [group.group_id for group in before.groups] == ["g"]
    await desk.broker.restart()
    await desk.connections[0].close()
    desk.connections[0] = Connections(ClientSettings())
    again = await desk.ask(ListGroupsRequest(), ListGroupsResponse, 5)
    assert [group.group_id for group in again.groups] == ["g"]


async def test_who_hangs_up_while_parked_leaves_nothing_behind(desk: Desk) -> None:
    await desk.find("g")
    waiting = await parked(desk)
    await desk.connections[1].close()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await desk.find("g")).coordinators[0].error_code == 0
    await asyncio.wait_for(desk.broker.stop(), 30)
