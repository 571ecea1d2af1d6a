"""What the sender does with each answer, and with none: a cluster that answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ottla.client.accumulator import Accumulator, OutgoingRecord
from ottla.client.address import Address
from ottla.client.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.sender import MAX_PRODUCE_VERSION, Sender
from ottla.client.settings import ProducerSettings
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.batch import batches
from ottla.records.reader import read_records
from ottla.wire.messages.produce import (
    BatchIndexAndErrorMessage,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

SETTINGS = ProducerSettings(linger_ms=0, retry_backoff_ms=1, retry_backoff_max_ms=2)
Answer = Callable[[TopicPartition], PartitionProduceResponse]


class ScriptedCluster:
    """Partition n of the topic is led by broker n % 2. Each request takes the next answer of the script."""

    def __init__(self, *script: Answer | KafkaError) -> None:
        self.script = list(script)
        self.received: list[tuple[int, dict[int, list[bytes | None]]]] = []
        self.asked = asyncio.Event()
        self.refreshed: list[str] = []
        self.was_refreshed = asyncio.Event()
        partitions = {n: PartitionMetadata(n % 2, 0, (n % 2,), (n % 2,), ErrorCode.NONE) for n in range(4)}
        topic = TopicMetadata("t", bytes(16), False, ErrorCode.NONE, partitions)
        brokers = {0: Address("h", 1), 1: Address("h", 2)}
        self.metadata = Metadata(brokers=brokers, topics={"t": topic})

    async def ask(self, broker: int, request: ProduceRequest, _response: type[Any], max_version: int) -> Any:
        assert max_version == MAX_PRODUCE_VERSION
        [topic] = request.topic_data
        self.received.append((broker, {data.index: values(data) for data in topic.partition_data}))
        self.asked.set()
        await asyncio.sleep(0)
        answer = self.script.pop(0) if self.script else saved
        if isinstance(answer, KafkaError):
            raise answer
        answers = [answer(TopicPartition("t", data.index)) for data in topic.partition_data]
        return ProduceResponse(responses=[TopicProduceResponse(name="t", partition_responses=answers)])

    async def tell(self, broker: int, request: ProduceRequest, max_version: int) -> None:
        await self.ask(broker, request, ProduceResponse, max_version)

    async def refresh(self, topics: Collection[str]) -> None:
        self.refreshed += topics
        self.was_refreshed.set()


def values(data: PartitionProduceData) -> list[bytes | None]:
    return [record.value for batch in batches(data.records or b"") for record in read_records(batch)]


def saved(partition: TopicPartition) -> PartitionProduceResponse:
    return PartitionProduceResponse(index=partition.partition, base_offset=10)


def refused(code: ErrorCode, message: str | None = None) -> Answer:
    return lambda partition: PartitionProduceResponse(
        index=partition.partition, error_code=code, error_message=message
    )


@asynccontextmanager
async def sending(
    cluster: ScriptedCluster, settings: ProducerSettings = SETTINGS
) -> AsyncIterator[Callable[[int, bytes], "asyncio.Future[Any]"]]:
    """A function that enqueues a value for a partition, with a sender at work."""
    clock = SystemClock()
    accumulator = Accumulator(settings)
    sender = Sender(cluster, accumulator, settings, clock)  # type: ignore[arg-type]
    running = asyncio.ensure_future(sender.run())

    def send(partition: int, value: bytes) -> "asyncio.Future[Any]":
        record = OutgoingRecord(TopicPartition("t", partition), 0, None, value, ())
        delivery = accumulator.append(record, clock.monotonic())
        sender.wake()
        return delivery

    yield send
    await sender.flush()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_one_request_for_all_partitions_of_a_leader() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster) as send:
        deliveries = [send(partition, b"%d" % partition) for partition in range(4)]
        assert [delivery.offset for delivery in await asyncio.gather(*deliveries)] == [10] * 4
    assert cluster.received == [(0, {0: [b"0"], 2: [b"2"]}), (1, {1: [b"1"], 3: [b"3"]})]


@pytest.mark.parametrize(
    "failure",
    [
        refused(ErrorCode.NOT_LEADER_OR_FOLLOWER),
        refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        refused(ErrorCode.NOT_ENOUGH_REPLICAS),
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
        with pytest.raises(KafkaError, match="t-0: not answered"):
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
    settings = ProducerSettings(linger_ms=0, acks=0)
    async with sending(ScriptedCluster(), settings) as send:
        assert (await send(0, b"v")).offset == -1


async def test_a_leader_gets_several_requests_when_one_would_be_too_large() -> None:
    cluster = ScriptedCluster()
    async with sending(cluster, ProducerSettings(linger_ms=0, max_request_size=150)) as send:
        await asyncio.gather(send(0, bytes(50)), send(2, bytes(50)))
    assert [sorted(request) for _, request in cluster.received] == [[0], [2]]


async def test_it_gives_up_with_the_last_reason() -> None:
    cluster = ScriptedCluster(*[KafkaError(ErrorCode.NETWORK_EXCEPTION, "broker 0 is gone")] * 1000)
    settings = ProducerSettings(
        linger_ms=0, retry_backoff_ms=1, retry_backoff_max_ms=1, delivery_timeout_ms=30
    )
    async with sending(cluster, settings) as send:
        with pytest.raises(KafkaError, match=r"not delivered in 30 ms \(broker 0 is gone\)"):
            await send(0, b"v")


class SilentCluster(ScriptedCluster):
    """Takes requests and never answers."""

    async def ask(self, broker: int, request: ProduceRequest, _response: type[Any], max_version: int) -> Any:
        self.asked.set()
        await asyncio.Event().wait()


class BrokenCluster(ScriptedCluster):
    """Whoever looks at its metadata dies of it."""

    @property
    def metadata(self) -> Metadata:
        raise ZeroDivisionError

    @metadata.setter
    def metadata(self, _: Metadata) -> None: ...


def one_record_on_its_way(cluster: ScriptedCluster) -> "tuple[Sender, Accumulator, asyncio.Future[Any]]":
    clock, accumulator = SystemClock(), Accumulator(SETTINGS)
    sender = Sender(cluster, accumulator, SETTINGS, clock)  # type: ignore[arg-type]
    record = OutgoingRecord(TopicPartition("t", 0), 0, None, b"v", ())
    return sender, accumulator, accumulator.append(record, clock.monotonic())


@pytest.mark.parametrize("was_asked", [True, False])
async def test_a_sender_that_is_stopped_settles_what_it_took(was_asked: bool) -> None:
    cluster = SilentCluster()
    sender, _, delivery = one_record_on_its_way(cluster)
    running = asyncio.ensure_future(sender.run())
    await (cluster.asked.wait() if was_asked else asyncio.sleep(0))
    flushing = asyncio.ensure_future(sender.flush())
    running.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(KafkaError, match="the producer was closed"):
            await delivery
        await flushing
        await asyncio.gather(running, return_exceptions=True)


async def test_a_sender_that_dies_says_so_to_all_and_takes_nothing_more() -> None:
    sender, accumulator, delivery = one_record_on_its_way(BrokenCluster())
    with pytest.raises(ZeroDivisionError):
        await sender.run()
    with pytest.raises(KafkaError, match="sender ended: ZeroDivisionError"):
        await delivery
    with pytest.raises(KafkaError, match="sender ended: ZeroDivisionError"):
        await accumulator.wait_for_room()
