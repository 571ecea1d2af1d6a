"""What the sender does with each answer, and with none: a cluster that answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.producing import append, metadata, settings

from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.delivery import Delivery
from ottla.client.producing.sender import Sender
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.batch import batches
from ottla.records.reader import read_values
from ottla.wire.messages.init_producer_id import InitProducerIdResponse
from ottla.wire.messages.produce import (
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

Answer = Callable[[TopicPartition], PartitionProduceResponse]
OPTIONS = {"linger_ms": 0, "retry_backoff_ms": 1, "retry_backoff_max_ms": 2, "delivery_timeout_ms": 10_000}


class ScriptedCluster:
    """Partition n of the topic is led by broker n % 2. Each request takes the next answer of the script."""

    def __init__(self, *script: Answer | KafkaError) -> None:
        self.script = list(script)
        self.received: list[tuple[int, dict[int, list[bytes | None]]]] = []
        self.asked = asyncio.Event()
        self.refreshed: list[str] = []
        self.was_refreshed = asyncio.Event()
        self.metadata = metadata()
        self.clock = SystemClock()
        self.settings = settings(**OPTIONS)
        self.identified = 0

    async def ask(self, broker: int, request: ProduceRequest, _response: type[Any], max_version: int) -> Any:
        assert max_version == 12, "this topic has no id"
        [topic] = request.topic_data
        self.received.append((broker, {data.index: values(data) for data in topic.partition_data}))
        self.asked.set()
        await asyncio.sleep(0)
        answer = self.script.pop(0) if self.script else saved
        if isinstance(answer, KafkaError):
            raise answer
        answers = [answer(TopicPartition("t", data.index)) for data in topic.partition_data]
        endpoints = [NodeEndpoint(node_id=9, host="new", port=9)]
        return ProduceResponse(
            responses=[TopicProduceResponse(name="t", partition_responses=answers)], node_endpoints=endpoints
        )

    async def tell(self, broker: int, request: ProduceRequest, max_version: int) -> None:
        await self.ask(broker, request, ProduceResponse, max_version)

    async def ask_any(self, _request: Any, _response: type[Any], _max_version: int) -> Any:
        self.identified += 1
        return InitProducerIdResponse(producer_id=self.identified, producer_epoch=0)

    async def refresh(self, topics: Collection[str], *, create: bool = False) -> None:
        self.refreshed += topics
        self.was_refreshed.set()


def values(data: PartitionProduceData) -> list[bytes | None]:
    return [value for batch in batches(data.records or b"") for value in read_values(batch)]


def saved(partition: TopicPartition) -> PartitionProduceResponse:
    return PartitionProduceResponse(index=partition.partition, base_offset=10)


def refused(code: ErrorCode, message: str | None = None) -> Answer:
    return lambda partition: PartitionProduceResponse(
        index=partition.partition, error_code=code, error_message=message
    )


@asynccontextmanager
async def sending(
    cluster: ScriptedCluster, **options: Any
) -> AsyncIterator[Callable[[int, bytes], Delivery]]:
    """A function that sends a value to a partition, with a sender at work."""
    accumulator = Accumulator(settings(**{**OPTIONS, **options}))
    sender = Sender(cluster, accumulator)  # type: ignore[arg-type]

    def send(partition: int, value: bytes) -> Delivery:
        delivery = append(accumulator, value, cluster.clock.monotonic(), TopicPartition("t", partition))
        sender.opened()
        return delivery

    try:
        yield send
        for outcome in accumulator.press():
            sender.wake()
            await outcome.wait()
    finally:
        await sender.close(KafkaError(ErrorCode.NETWORK_EXCEPTION, "the producer was closed"))


async def all_of(*deliveries: Delivery) -> list[Any]:
    return [await delivery for delivery in deliveries]


async def test_one_request_for_all_partitions_of_a_leader() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster) as send:
        deliveries = [send(partition, b"%d" % partition) for partition in range(4)]
        assert [delivery.offset for delivery in await all_of(*deliveries)] == [10] * 4
    assert cluster.received == [(0, {0: [b"0"], 2: [b"2"]}), (1, {1: [b"1"], 3: [b"3"]})]


@pytest.mark.parametrize(
    "failure",
    [
        refused(ErrorCode.NOT_LEADER_OR_FOLLOWER),
        refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone"),
        KafkaError(ErrorCode.REQUEST_TIMED_OUT, "slow"),
    ],
)
async def test_what_may_pass_is_sent_again_with_fresh_metadata_and_in_order(
    failure: Answer | KafkaError,
) -> None:
    cluster = ScriptedCluster(failure, failure)
    async with sending(cluster) as send:
        first = send(0, b"first")
        await cluster.asked.wait()
        second = send(0, b"second")
        assert (await first).offset == 10
        await second
    assert [request for _, request in cluster.received] == [{0: [b"first"]}] * 3 + [{0: [b"second"]}]
    assert "t" in cluster.refreshed


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refused(ErrorCode.MESSAGE_TOO_LARGE), "t-0: MESSAGE_TOO_LARGE"),
        (refused(ErrorCode.INVALID_RECORD, "no key"), "t-0: no key"),
    ],
)
async def test_what_will_not_pass_fails_at_once_and_alone(answer: Answer, message: str) -> None:
    cluster = ScriptedCluster(answer)
    async with sending(cluster) as send:
        failed, fine = send(0, b"bad"), send(1, b"good")
        with pytest.raises(KafkaError, match=message):
            await failed
        assert (await fine).offset == 10
        assert (await send(0, b"next")).offset == 10
    assert not cluster.refreshed


async def test_records_that_are_named_are_told() -> None:
    def answer(partition: TopicPartition) -> PartitionProduceResponse:
        named = BatchIndexAndErrorMessage(batch_index=0, batch_index_error_message="a record without a key")
        code = ErrorCode.INVALID_RECORD
        return PartitionProduceResponse(index=partition.partition, error_code=code, record_errors=[named])

    async with sending(ScriptedCluster(answer)) as send:
        with pytest.raises(KafkaError, match="t-0: a record without a key"):
            await send(0, b"v")


async def test_an_answer_that_forgets_a_partition_is_an_error_not_a_hang() -> None:
    async with sending(ScriptedCluster(lambda _: PartitionProduceResponse(index=99))) as send:
        with pytest.raises(KafkaError, match="t-0: broker 0 did not answer for it"):
            await send(0, b"v")


async def test_a_partition_without_a_leader_waits_for_one() -> None:
    cluster = ScriptedCluster()
    known, cluster.metadata = cluster.metadata, Metadata()
    async with sending(cluster) as send:
        delivery = send(0, b"v")
        await cluster.was_refreshed.wait()
        cluster.metadata = known
        assert (await delivery).offset == 10


async def test_without_acks_nothing_is_known_of_the_offset() -> None:
    async with sending(ScriptedCluster(), acks=0) as send:
        assert (await send(0, b"v")).offset == -1


async def test_a_leader_gets_several_requests_when_one_would_be_too_large() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster, max_request_size=150) as send:
        await all_of(send(0, bytes(50)), send(2, bytes(50)))
    assert [sorted(request) for _, request in cluster.received] == [[0], [2]]


async def test_it_gives_up_with_the_last_reason() -> None:
    cluster = ScriptedCluster(*[KafkaError(ErrorCode.NETWORK_EXCEPTION, "broker 0 is gone")] * 1000)
    async with sending(cluster, delivery_timeout_ms=30) as send:
        with pytest.raises(KafkaError, match=r"not delivered in 30 ms \(broker 0 is gone\)"):
            await send(0, b"v")


async def test_what_may_pass_without_fresh_metadata_asks_for_none() -> None:
    cluster = ScriptedCluster(refused(ErrorCode.NOT_ENOUGH_REPLICAS))
    async with sending(cluster) as send:
        assert (await send(0, b"v")).offset == 10
    assert not cluster.refreshed


async def test_a_new_leader_in_the_answer_is_followed_without_a_question() -> None:
    def moved(partition: TopicPartition) -> PartitionProduceResponse:
        hint = LeaderIdAndEpoch(leader_id=9, leader_epoch=1)
        code = ErrorCode.NOT_LEADER_OR_FOLLOWER
        return PartitionProduceResponse(index=partition.partition, error_code=code, current_leader=hint)

    cluster = ScriptedCluster(moved)
    async with sending(cluster) as send:
        await send(0, b"v")
    assert [broker for broker, _ in cluster.received] == [0, 9]
    assert not cluster.refreshed


async def test_five_batches_of_a_partition_are_away_once_the_broker_knows_the_producer() -> None:
    cluster = ScriptedCluster()
    started, go_on = 0, asyncio.Event()

    async def hold(*request: Any) -> Any:
        nonlocal started
        started += 1
        if started > 1:
            await go_on.wait()
        return await ScriptedCluster.ask(cluster, *request)

    cluster.ask = hold  # type: ignore[method-assign]
    async with sending(cluster, buffer_memory=100_000) as send:
        await send(0, b"first")
        deliveries = [send(0, bytes(250)) for _ in range(8)]
        for _ in range(50):
            await asyncio.sleep(0)
        assert started == 6
        go_on.set()
        await all_of(*deliveries)


async def test_a_batch_that_is_too_large_is_split() -> None:
    cluster = ScriptedCluster(refused(ErrorCode.MESSAGE_TOO_LARGE))
    async with sending(cluster) as send:
        deliveries = [send(0, b"%d" % number) for number in range(10)]
        await all_of(*deliveries)
    whole, *parts = [request[0] for _, request in cluster.received]
    assert whole == [value for part in parts for value in part]
    assert len(parts) > 1


async def test_the_producer_id_is_asked_for_once() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster) as send:
        await all_of(*(send(partition, b"v") for partition in range(4)))
        await send(0, b"w")
    assert cluster.identified == 1


async def test_who_may_not_be_idempotent_is_told_what_to_do() -> None:
    cluster = ScriptedCluster()

    async def refuse(*_: Any) -> Any:
        return InitProducerIdResponse(error_code=ErrorCode.CLUSTER_AUTHORIZATION_FAILED)

    cluster.ask_any = refuse  # type: ignore[method-assign]
    async with sending(cluster) as send:
        with pytest.raises(KafkaError, match="enable_idempotence=False"):
            await send(0, b"v")


async def test_a_fenced_producer_id_is_replaced() -> None:
    cluster = ScriptedCluster(refused(ErrorCode.INVALID_PRODUCER_EPOCH))
    async with sending(cluster) as send:
        with pytest.raises(KafkaError, match="INVALID_PRODUCER_EPOCH"):
            await send(0, b"v")
        assert (await send(0, b"w")).offset == 10
    assert cluster.identified == 2


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
async def test_large_batches_are_compressed_in_a_thread_and_leave_in_order(codec: str) -> None:
    cluster = ScriptedCluster()
    options = {"compression_type": codec, "batch_size": 200_000, "buffer_memory": 10_000_000}
    async with sending(cluster, **options) as send:
        sent = [b"%d" % number * (50_000 if number % 3 else 1) for number in range(20)]
        await all_of(*(send(0, value) for value in sent))
    assert [value for _, request in cluster.received for value in request[0]] == sent


async def test_a_failure_that_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with sending(ScriptedCluster(refused(ErrorCode.INVALID_RECORD, "no key"))) as send:
        send(0, b"v")
        for _ in range(50):
            await asyncio.sleep(0)
    assert "1 records were not delivered: t-0: no key" in caplog.text


@pytest.mark.parametrize("was_asked", [True, False])
async def test_a_sender_that_is_closed_settles_what_it_took(was_asked: bool) -> None:
    cluster = ScriptedCluster()

    async def be_silent(*_: Any) -> Any:
        cluster.asked.set()
        await asyncio.Event().wait()

    cluster.ask = be_silent  # type: ignore[method-assign]
    accumulator = Accumulator(settings(**OPTIONS))
    sender = Sender(cluster, accumulator)  # type: ignore[arg-type]
    delivery = append(accumulator, now=cluster.clock.monotonic())
    sender.opened()
    await (cluster.asked.wait() if was_asked else asyncio.sleep(0))
    await sender.close(KafkaError(ErrorCode.NETWORK_EXCEPTION, "the producer was closed"))
    with pytest.raises(KafkaError, match="the producer was closed"):
        await delivery
    assert len(asyncio.all_tasks()) == 1


async def test_a_sender_that_dies_says_so_to_all_and_takes_nothing_more() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster) as send:
        await send(0, b"v")
        cluster.metadata = None  # type: ignore[assignment]
        with pytest.raises(KafkaError, match="sender ended: AttributeError"):
            await send(0, b"w")
        with pytest.raises(KafkaError, match="sender ended: AttributeError"):
            send(0, b"x")
