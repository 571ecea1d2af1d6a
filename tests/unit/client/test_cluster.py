"""What the cluster asks, and what it makes of the answers: connections that answer from a script."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ottla.client.brokers.address import Address
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.config.settings import ClientSettings
from ottla.core.errors import CoordinatorError, ErrorCode, KafkaError
from ottla.net.errors import KafkaConnectionError
from ottla.wire.messages.find_coordinator import (
    Coordinator,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from ottla.wire.messages.metadata import (
    MetadataRequest,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

SETTINGS = ClientSettings(retry_backoff_ms=1, retry_backoff_max_ms=1, default_api_timeout_ms=200)


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now_ms(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


class ScriptedConnections:
    """Answers Metadata and FindCoordinator; addresses in `down` refuse."""

    def __init__(self) -> None:
        self.version = 4  # of FindCoordinator
        self.coordinators: list[ErrorCode] = []
        self.reply_errors: list[ErrorCode] = []
        self.forgotten: set[Address] = set()
        self.resting: set[Address] = set()
        self.down: set[Address] = set()
        self.asked: list[tuple[Address, list[str]]] = []
        self.errors: list[ErrorCode] = []
        self.open: set[Address] = set()
        self.closed = False

    def __contains__(self, address: Address) -> bool:
        return address in self.open

    def is_resting(self, address: Address) -> bool:
        return address in self.resting

    async def close(self) -> None:
        self.closed = True

    async def forget(self, addresses: set[Address]) -> None:
        self.forgotten |= addresses

    async def ask(self, address: Address, request: Any, *_: Any) -> Any:
        await asyncio.sleep(0)
        if address in self.down:
            raise KafkaConnectionError(str(address), "connection refused")
        if callable(request):
            return self._coordinator(request(self.version))
        return self._metadata(address, request)

    def _coordinator(self, request: FindCoordinatorRequest) -> FindCoordinatorResponse:
        request.encode(self.version)  # what does not fit the version is an error
        error = self.coordinators.pop(0) if self.coordinators else ErrorCode.NONE
        found = {"node_id": 8, "host": "eight", "port": 9, "error_code": error}
        if self.version < 4:
            return FindCoordinatorResponse(**found)
        return FindCoordinatorResponse(coordinators=[Coordinator(key=request.coordinator_keys[0], **found)])

    def _metadata(self, address: Address, request: MetadataRequest) -> MetadataResponse:
        names = [topic.name or "" for topic in request.topics or []]
        self.asked.append((address, names))
        error = self.errors.pop(0) if self.errors else ErrorCode.NONE
        partition = MetadataResponsePartition(partition_index=0, leader_id=7)
        return MetadataResponse(
            error_code=self.reply_errors.pop(0) if self.reply_errors else ErrorCode.NONE,
            brokers=[MetadataResponseBroker(node_id=7, host="seven", port=9)],
            topics=[
                MetadataResponseTopic(name=name, error_code=error, partitions=[partition]) for name in names
            ],
        )


def scripted(
    servers: str = "one:1,two:2", settings: ClientSettings = SETTINGS
) -> tuple[Cluster, ScriptedConnections, FakeClock]:
    clock = FakeClock()
    cluster = Cluster(servers, settings, clock)
    connections = ScriptedConnections()
    cluster._connections = connections  # type: ignore[assignment]
    return cluster, connections, clock


async def test_the_first_address_that_answers_is_asked_then_the_brokers_it_named() -> None:
    cluster, connections, _ = scripted()
    connections.down.add(Address("one", 1))
    await cluster.refresh(["t"])
    await cluster.refresh(["t"])
    assert connections.asked == [(Address("two", 2), ["t"]), (Address("seven", 9), ["t"])]
    assert cluster.metadata.leader(TopicPartition("t", 0)) == 7


async def test_when_all_named_brokers_are_gone_the_first_addresses_are_asked_again() -> None:
    cluster, connections, _ = scripted()
    await cluster.refresh(["t"])
    connections.down.add(Address("seven", 9))
    await cluster.refresh(["t"])
    assert [address for address, _ in connections.asked] == [Address("one", 1), Address("one", 1)]


async def test_an_open_connection_is_preferred() -> None:
    cluster, connections, _ = scripted()
    connections.open.add(Address("two", 2))
    await cluster.refresh(())
    assert connections.asked == [(Address("two", 2), [])]


async def test_nobody_answers() -> None:
    cluster, connections, _ = scripted()
    connections.down |= {Address("one", 1), Address("two", 2)}
    with pytest.raises(KafkaError, match="no broker answers: one:1: connection refused; two:2: ") as caught:
        await cluster.refresh(())
    assert caught.value.code == ErrorCode.BROKER_NOT_AVAILABLE


async def test_a_cluster_that_cannot_be_connected_to_is_closed() -> None:
    cluster, connections, _ = scripted("one:1")
    await cluster.connect()
    assert not connections.closed
    connections.down |= {Address("one", 1), Address("seven", 9)}
    with pytest.raises(KafkaError, match="no broker answers"):
        await cluster.connect()
    assert connections.closed


async def test_many_who_want_to_know_one_topic_ask_once() -> None:
    cluster, connections, _ = scripted()
    topics = await asyncio.gather(*(cluster.topic("t") for _ in range(100)))
    assert len(connections.asked) == 1
    assert {topic.name for topic in topics} == {"t"}


async def test_what_is_old_is_asked_again_and_kept_when_nobody_answers() -> None:
    cluster, connections, clock = scripted()
    first = await cluster.topic("t")
    clock.seconds += SETTINGS.metadata_max_age_ms / 1000 + 1
    await cluster.topic("t")
    assert len(connections.asked) == 2
    clock.seconds += SETTINGS.metadata_max_age_ms / 1000 + 1
    connections.down |= {Address("one", 1), Address("two", 2), Address("seven", 9)}
    assert await cluster.topic("t") == first


async def test_a_topic_that_is_being_created_is_waited_for() -> None:
    cluster, connections, _ = scripted()
    connections.errors = [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.LEADER_NOT_AVAILABLE]
    assert (await cluster.topic("t", create_timeout_ms=1000)).error == ErrorCode.NONE
    assert len(connections.asked) == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "topic t does not exist; `ottla topics create t` makes it"),
        (ErrorCode.INVALID_TOPIC_EXCEPTION, "'t' is not a topic name; allowed are letters"),
        (ErrorCode.TOPIC_AUTHORIZATION_FAILED, "topic t: TOPIC_AUTHORIZATION_FAILED"),
    ],
)
async def test_a_topic_that_cannot_be_had(code: ErrorCode, message: str) -> None:
    cluster, connections, _ = scripted()
    connections.errors = [code]
    with pytest.raises(KafkaError, match=message) as caught:
        await cluster.topic("t")
    assert caught.value.code == code


async def test_retriable_failures_are_tried_again_with_fresh_metadata() -> None:
    cluster, connections, _ = scripted()
    failures = [KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER), KafkaError(ErrorCode.NETWORK_EXCEPTION)]

    async def attempt() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert await cluster.retrying(attempt, ["t"]) == "done"
    assert [names for _, names in connections.asked] == [["t"], ["t"]]


async def test_a_failed_refresh_is_one_of_the_failures() -> None:
    cluster, connections, _ = scripted("one:1")
    attempts = 0

    async def attempt() -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            connections.down.add(Address("one", 1))
            asyncio.get_running_loop().call_later(0.02, connections.down.clear)
            raise KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone")
        return attempts

    async with asyncio.timeout(5):
        assert await cluster.retrying(attempt) == 2


async def test_a_cluster_that_stays_away_ends_it_after_the_timeout() -> None:
    cluster, connections, clock = scripted("one:1")
    connections.down.add(Address("one", 1))

    async def attempt() -> None:
        raise KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone")

    retrying = asyncio.ensure_future(cluster.retrying(attempt))
    await asyncio.sleep(0.02)
    assert not retrying.done()
    clock.seconds += SETTINGS.default_api_timeout_ms / 1000
    async with asyncio.timeout(5):
        with pytest.raises(KafkaError, match="no broker answers: one:1: "):
            await retrying


async def test_other_failures_are_not() -> None:
    cluster, connections, _ = scripted()

    async def attempt() -> None:
        raise KafkaError(ErrorCode.INVALID_CONFIG, "no")

    with pytest.raises(KafkaError, match="no"):
        await cluster.retrying(attempt)
    assert connections.asked == []


async def test_a_broker_without_an_address_is_a_failure_that_may_pass() -> None:
    cluster, _, _ = scripted()
    with pytest.raises(KafkaError, match="broker 3 has no address") as caught:
        await cluster.ask(3, MetadataRequest(), MetadataResponse)
    assert caught.value.retriable


async def test_an_address_that_just_failed_is_asked_last() -> None:
    cluster, connections, _ = scripted()
    connections.resting.add(Address("one", 1))
    await cluster.refresh(())
    assert connections.asked == [(Address("two", 2), [])]


@pytest.mark.parametrize("version", [3, 4])
async def test_a_coordinator_is_asked_for_once_and_again_when_it_was_wrong(version: int) -> None:
    cluster, connections, _ = scripted()
    connections.version = version
    connections.coordinators = [
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NONE,
        ErrorCode.NOT_COORDINATOR,
    ]
    with pytest.raises(CoordinatorError, match="coordinator of group g: COORDINATOR_NOT_AVAILABLE"):
        await cluster.coordinator("g", CoordinatorType.GROUP)
    for _ in range(3):
        assert await cluster.coordinator("g", CoordinatorType.GROUP) == 8
    assert cluster.metadata.brokers[8] == Address("eight", 9)
    with pytest.raises(KafkaError, match="transactional id g"):
        await cluster.coordinator("g", CoordinatorType.TRANSACTION)  # the same name, something else
    cluster.forget_coordinator("g", CoordinatorType.GROUP)
    connections.coordinators = [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]
    with pytest.raises(CoordinatorError):
        await cluster.coordinator("g", CoordinatorType.GROUP)


async def test_a_broker_that_says_so_sends_the_client_back_to_the_start() -> None:
    cluster, connections, _ = scripted()
    await cluster.refresh(["t"])
    connections.reply_errors = [ErrorCode.REBOOTSTRAP_REQUIRED]
    connections.open = {Address("seven", 9)}
    await cluster.refresh(["t"])
    asked = [address for address, _ in connections.asked]
    assert asked == [Address("one", 1), Address("seven", 9), Address("one", 1)]
    assert connections.forgotten == {Address("seven", 9)}


async def test_too_long_without_an_answer_sends_the_client_back_to_the_start() -> None:
    cluster, connections, clock = scripted()
    await cluster.refresh(["t"])
    everyone = {Address("one", 1), Address("two", 2), Address("seven", 9)}
    connections.down |= everyone
    for _ in range(2):
        with pytest.raises(KafkaError, match="no broker answers"):
            await cluster.refresh(["t"])
    assert not connections.forgotten
    clock.seconds += SETTINGS.metadata_recovery_rebootstrap_trigger_ms / 1000
    connections.down -= everyone
    await cluster.refresh(["t"])
    assert connections.forgotten == {Address("seven", 9)}
    assert connections.asked[-1][0] == Address("one", 1)


async def test_without_a_recovery_strategy_only_known_brokers_are_asked() -> None:
    cluster, connections, clock = scripted(settings=replace(SETTINGS, metadata_recovery_strategy="none"))
    await cluster.refresh(["t"])
    connections.down.add(Address("seven", 9))
    with pytest.raises(KafkaError, match=r"no broker answers: seven:9: connection refused$"):
        await cluster.refresh(["t"])
    clock.seconds += 2 * SETTINGS.metadata_recovery_rebootstrap_trigger_ms / 1000
    with pytest.raises(KafkaError, match="no broker answers: seven:9"):
        await cluster.refresh(["t"])


async def test_an_error_says_which_broker_and_which_request() -> None:
    cluster, connections, _ = scripted()
    await cluster.refresh(["t"])
    connections.down.add(Address("seven", 9))
    with pytest.raises(KafkaError) as caught:
        await cluster.ask(7, MetadataRequest(), MetadataResponse)
    assert (caught.value.broker, caught.value.api) == (7, "Metadata")
