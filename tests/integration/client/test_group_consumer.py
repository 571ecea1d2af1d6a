"""The consumer in a group: what is committed when, hooks, several members in one process, and `run`."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess
from tests.support.waiting import until

from ottla.client import Admin, Consumer, DeadLetter, Producer, Retry, Topic, TopicPartition
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import ErrorCode, KafkaError, RejoinError
from ottla.records.record import Record
from ottla.wire.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from ottla.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity

PROTOCOLS = ["classic", "consumer"]
protocols = pytest.mark.parametrize("protocol", PROTOCOLS)


async def fill(servers: str, topic: str, count: int, partitions: int = 1, keys: int = 0) -> None:
    """`count` records, spread over the partitions, or by so many keys."""
    async with Admin(servers) as admin:
        await admin.create_topic(topic, partitions=partitions)
    async with Producer(servers) as producer:
        for number in range(count):
            if keys:
                producer.send_nowait(topic, b"%d" % number, key=b"%d" % (number % keys))
            else:
                producer.send_nowait(topic, b"%d" % number, partition=number % partitions)


def member(servers: str, topic: str, protocol: str | None = None, **options: Any) -> Consumer[bytes, bytes]:
    defaults: dict[str, Any] = {
        "bootstrap_servers": servers,
        "group_id": topic,
        "group_protocol": protocol,
        "auto_offset_reset": "earliest",
        "auto_commit_interval_ms": 60_000,
    }
    return Consumer(topic, **(defaults | options))


async def committed(servers: str, topic: str, partition: int = 0) -> int | None:
    async with member(servers, topic) as consumer:
        found = await consumer.committed(TopicPartition(topic, partition))
    return found.offset if found is not None else None


@protocols
async def test_a_record_is_committed_when_the_next_one_is_asked_for(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 10)

    async def fails_at_4() -> None:
        async with member(broker.bootstrap, topic, protocol) as consumer:
            async for record in consumer:
                if record.offset == 4:
                    raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails_at_4()
    assert await committed(broker.bootstrap, topic) == 4
    async with member(broker.bootstrap, topic, protocol) as consumer:
        assert (await consumer.getone()).offset == 4
        assert (await consumer.getone()).offset == 5
    assert await committed(broker.bootstrap, topic) == 6, "the block ended well"


@protocols
async def test_from_time_to_time_and_when_asked(broker: BrokerProcess, topic: str, protocol: str) -> None:
    await fill(broker.bootstrap, topic, 10)
    partition = TopicPartition(topic, 0)
    async with member(broker.bootstrap, topic, protocol, auto_commit_interval_ms=20) as consumer:
        for _ in range(3):
            await consumer.getone()
        async with asyncio.timeout(20):
            while (await consumer.committed(partition)) != OffsetAndMetadata(2, 0):  # noqa: ASYNC110 - it is elsewhere
                await asyncio.sleep(0.02)
    async with member(broker.bootstrap, topic, protocol, enable_auto_commit=False) as consumer:
        await consumer.getone()
        await consumer.commit()
        assert consumer.positions_to_commit()[partition].offset == 4
        assert (await consumer.committed(partition) or OffsetAndMetadata(-1)).offset == 4
        await consumer.getone()
        await consumer.commit({partition: OffsetAndMetadata(9, 0, "a note")})
        assert await consumer.committed(partition) == OffsetAndMetadata(9, 0, "a note")
    assert await committed(broker.bootstrap, topic) == 9


@protocols
async def test_batches_commit_one_by_one(broker: BrokerProcess, topic: str, protocol: str) -> None:
    await fill(broker.bootstrap, topic, 100)
    async with member(broker.bootstrap, topic, protocol, enable_auto_commit=False) as consumer:
        async for batch in consumer.batches(max_records=30):
            await batch.commit()
            assert (await consumer.committed(TopicPartition(topic, 0)) or OffsetAndMetadata(0)).offset == (
                batch.next_offset
            )
            if batch.next_offset > 50:
                break
        assert consumer.group_metadata().generation_id > 0
    assert await committed(broker.bootstrap, topic) == batch.next_offset


@pytest.mark.parametrize("options", [{}, {"partition_assignment_strategy": ["cooperative-sticky"]}])
@protocols
async def test_members_share_and_hand_over_without_loss_or_repetition(
    broker: BrokerProcess, topic: str, protocol: str, options: dict[str, Any]
) -> None:
    await fill(broker.bootstrap, topic, 600, partitions=6)
    seen: Counter[tuple[int, int]] = Counter()
    ends = asyncio.Event()

    async def read(slowly_s: float) -> None:
        async with member(broker.bootstrap, topic, protocol, **options) as consumer:
            while not ends.is_set():
                for records in (await consumer.getmany(timeout_ms=20, max_records=10)).values():
                    for record in records:
                        seen[record.partition, record.offset] += 1
                await asyncio.sleep(slowly_s)

    async with asyncio.TaskGroup() as readers:
        for number in range(3):
            readers.create_task(read(0.005))
            await asyncio.sleep(0.05 * number)
        await until(lambda: len(seen) == 600)
        ends.set()
    assert set(seen.values()) == {1}


@protocols
async def test_hooks_are_awaited_before_anything_is_given_up(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 40, partitions=2)
    story: list[tuple[str, int]] = []
    held = asyncio.Event()

    async with member(broker.bootstrap, topic, protocol) as first:

        @first.on_assigned
        async def assigned(partitions: frozenset[TopicPartition]) -> None:
            story.append(("assigned", len(partitions)))
            for partition in partitions:
                first.seek(partition, 15)

        @first.on_revoked
        async def revoked(partitions: frozenset[TopicPartition]) -> None:
            await held.wait()
            story.append(("revoked", len(partitions)))

        record = await first.getone()
        assert record.offset == 15, "a hook may seek"
        assert story == [("assigned", 2)]

        async def go_on() -> None:
            while True:
                await first.getmany(timeout_ms=1_000)

        going_on = asyncio.ensure_future(go_on())
        async with member(broker.bootstrap, topic, protocol, auto_offset_reset="earliest") as second:
            await asyncio.sleep(0.3)
            assert not second.assignment(), "what is not revoked yet is nobody else's"
            held.set()
            await until(second.assignment)
            assert len(second.assignment()) == 1
            assert story[1][0] == "revoked"
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)


@protocols
async def test_a_hook_that_fails_is_heard_of(broker: BrokerProcess, topic: str, protocol: str) -> None:
    await fill(broker.bootstrap, topic, 3)
    async with member(broker.bootstrap, topic, protocol) as consumer:

        @consumer.on_assigned
        def fails(_partitions: frozenset[TopicPartition]) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await consumer.getone()
        assert (await consumer.getone()).offset == 0


@protocols
async def test_a_hook_may_ask_where_its_partitions_are(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 3)
    places = []
    async with member(broker.bootstrap, topic, protocol, default_api_timeout_ms=5_000) as consumer:

        @consumer.on_assigned
        async def _look(partitions: frozenset[TopicPartition]) -> None:
            places.extend([await consumer.position(partition) for partition in partitions])

        assert (await consumer.getone()).offset == 0
    assert places == [0]


@protocols
async def test_patterns_and_topics_that_come_later(broker: BrokerProcess, topic: str, protocol: str) -> None:
    await fill(broker.bootstrap, f"{topic}-a", 2)
    await fill(broker.bootstrap, f"{topic}b", 2)
    consumer: Consumer[bytes, bytes] = Consumer(
        bootstrap_servers=broker.bootstrap,
        group_id=topic,
        group_protocol=protocol,  # type: ignore[arg-type]
        auto_offset_reset="earliest",
        metadata_max_age_ms=200,
        max_poll_interval_ms=5_000,
    )
    async with consumer:
        consumer.subscribe(pattern=topic.replace(".", r"\.") + "-.*")
        assert {(await consumer.getone()).topic for _ in range(2)} == {f"{topic}-a"}
        if protocol == "classic":  # a broker resolves its expressions anew after ten seconds at the earliest
            await fill(broker.bootstrap, f"{topic}-c", 2)
            assert {(await consumer.getone()).topic for _ in range(2)} == {f"{topic}-c"}
        await consumer.unsubscribe()
        assert consumer.assignment() == frozenset()
        consumer.subscribe([f"{topic}b"])
        assert (await consumer.getone()).topic == f"{topic}b"


@protocols
async def test_who_does_not_come_back_in_time_is_out_and_comes_in_again(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 10)
    lost: list[frozenset[TopicPartition]] = []
    async with member(broker.bootstrap, topic, protocol, max_poll_interval_ms=400) as consumer:
        consumer.on_lost(lost.append)
        assert (await consumer.getone()).offset == 0
        await until(lambda: lost)
        assert lost == [{TopicPartition(topic, 0)}]
        with pytest.raises(KafkaError):
            await consumer.commit({TopicPartition(topic, 0): 1})
        assert (await consumer.getone()).offset == 0, "its work was not committed, and comes again"
        assert consumer.health().assignment_epoch > 0


@protocols
async def test_the_group_goes_on_after_the_broker_was_killed(
    new_broker: NewBroker, topic: str, protocol: str
) -> None:
    broker = new_broker().start()
    await fill(broker.bootstrap, topic, 10)
    async with member(broker.bootstrap, topic, protocol) as consumer:
        for _ in range(5):
            await consumer.getone()
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        await consumer.commit()
        assert [(await consumer.getone()).offset for _ in range(5)] == [5, 6, 7, 8, 9]
    assert await committed(broker.bootstrap, topic) == 10


async def test_typed_topics_and_what_does_not_fit_them(broker: BrokerProcess, topic: str) -> None:
    numbers = Topic(topic, key=str, value=int)
    async with Producer(broker.bootstrap) as producer:
        await producer.send(numbers, 7, key="seven")
        await producer.send(topic, b"not a number")
    async with Consumer(
        numbers, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        record = await consumer.getone()
        assert (record.key, record.value) == ("seven", 7)
        broken = await consumer.getone()
        assert broken.raw_value == b"not a number"
        with pytest.raises(Exception, match=r"not a number|int"):
            _ = broken.value


# run


@pytest.mark.parametrize("concurrency", [1, 3, "partition", "key"])
async def test_every_record_is_handled_once_and_in_order(
    broker: BrokerProcess, topic: str, concurrency: Any
) -> None:
    await fill(broker.bootstrap, topic, 300, partitions=3, keys=7)
    handled: list[Record[bytes, bytes]] = []
    at_once, most = 0, 0

    async def handle(record: Record[bytes, bytes]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001 * (record.offset % 3))
        at_once -= 1
        handled.append(record)
        if len(handled) == 300:
            raise EOFError

    with pytest.raises(EOFError):
        async with member(broker.bootstrap, topic) as consumer:
            await consumer.run(handle, concurrency=concurrency)
    places = [(record.partition, record.offset) for record in handled]
    assert len(set(places)) == len(places) == 300
    for key in {record.key for record in handled}:
        numbers = [int(record.value) for record in handled if record.key == key]
        assert numbers == sorted(numbers)
    assert (most == 1) == (concurrency == 1)
    assert most <= {1: 1, 3: 3}.get(concurrency, 21)
    ends = [await committed(broker.bootstrap, topic, number) or 0 for number in range(3)]
    last = handled[-1]
    assert ends[last.partition] == last.offset, "what failed is not committed"


async def test_what_fails_is_tried_again_and_then_put_aside(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 6)
    attempts: Counter[int] = Counter()
    done = asyncio.Event()

    async def handle(record: Record[bytes, bytes]) -> None:
        attempts[record.offset] += 1
        if record.offset == 2 and attempts[2] < 3:
            raise ValueError("not yet")
        if record.offset == 4:
            raise ValueError("never")
        if record.offset == 5:
            done.set()

    rule = Retry(attempts=3, backoff_ms=1, then=DeadLetter(f"{topic}-dead"))
    async with member(broker.bootstrap, topic) as consumer:
        running = asyncio.ensure_future(consumer.run(handle, on_error=rule))
        async with asyncio.timeout(30):
            await done.wait()
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert attempts == {0: 1, 1: 1, 2: 3, 3: 1, 4: 3, 5: 1}
    assert await committed(broker.bootstrap, topic) == 6
    dead = Consumer(f"{topic}-dead", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    async with dead:
        record = await dead.getone()
    assert record.value == b"4"
    assert dict(record.headers) == {
        "dead-letter.topic": topic.encode(),
        "dead-letter.partition": b"0",
        "dead-letter.offset": b"4",
        "dead-letter.group": topic.encode(),
        "dead-letter.error": b"ValueError",
        "dead-letter.message": b"never",
    }


@protocols
async def test_running_members_hand_over_between_records(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 400, partitions=4)
    seen: Counter[tuple[int, int]] = Counter()

    async def handle(record: Record[bytes, bytes]) -> None:
        await asyncio.sleep(0.002)
        seen[record.partition, record.offset] += 1

    async def work() -> None:
        async with member(broker.bootstrap, topic, protocol) as consumer:
            await consumer.run(handle, concurrency="partition")

    workers = [asyncio.ensure_future(work())]
    await until(lambda: len(seen) > 20)
    workers.append(asyncio.ensure_future(work()))
    await until(lambda: len(seen) == 400)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert set(seen.values()) == {1}
    assert [await committed(broker.bootstrap, topic, number) for number in range(4)] == [100] * 4


async def test_without_a_group_there_is_nothing_to_commit(broker: BrokerProcess, topic: str) -> None:
    await fill(broker.bootstrap, topic, 1)
    async with Consumer(topic, bootstrap_servers=broker.bootstrap) as consumer:
        with pytest.raises(KafkaError, match="give group_id") as caught:
            await consumer.commit()
    assert caught.value.code == ErrorCode.INVALID_GROUP_ID


@protocols
async def test_nothing_is_left_behind(broker: BrokerProcess, topic: str, protocol: str) -> None:
    await fill(broker.bootstrap, topic, 3)
    for _ in range(2):
        async with member(broker.bootstrap, topic, protocol) as consumer:
            await asyncio.wait_for(asyncio.gather(consumer.getone(), return_exceptions=True), 20)
        assert len(asyncio.all_tasks()) == 1


async def thrown_out(consumer: Consumer[bytes, bytes], topic: str, protocol: str) -> None:
    """Somebody says in its name that it leaves; it hears of that with its next heartbeat."""
    member_id, cluster = consumer.health().member_id, consumer._engine.cluster
    node = await cluster.coordinator(topic, CoordinatorType.GROUP)
    if protocol == "classic":
        leaves = LeaveGroupRequest(group_id=topic, members=[MemberIdentity(member_id=member_id)])
        await cluster.ask(node, leaves, LeaveGroupResponse)
    else:
        beat = ConsumerGroupHeartbeatRequest(group_id=topic, member_id=member_id, member_epoch=-1)
        await cluster.ask(node, beat, ConsumerGroupHeartbeatResponse)


@protocols
async def test_what_was_lost_while_in_hand_is_not_committed_by_who_is_a_member_again(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 3)
    place, told = TopicPartition(topic, 0), []
    async with member(broker.bootstrap, topic, protocol, heartbeat_interval_ms=100) as consumer:
        consumer.on_assigned(lambda _: told.append("assigned"))
        consumer.on_lost(lambda _: told.append("lost"))
        assert (await consumer.getone()).offset == 0
        await thrown_out(consumer, topic, protocol)
        await until(lambda: told == ["assigned", "lost", "assigned"])
        for commit in (consumer.commit(), consumer.commit({place: 1})):
            with pytest.raises(RejoinError, match="what was read belongs to others"):
                await commit
        with pytest.raises(RejoinError):
            consumer.group_metadata()
        assert (await consumer.getone()).offset == 0, "it comes again"
        await consumer.commit()
        assert (await consumer.committed(place) or OffsetAndMetadata(-1)).offset == 1


@protocols
async def test_an_offset_of_no_topic_is_refused_by_name_and_soon(
    broker: BrokerProcess, topic: str, protocol: str
) -> None:
    await fill(broker.bootstrap, topic, 1)
    async with member(broker.bootstrap, topic, protocol) as consumer:
        await consumer.getone()
        for place in (TopicPartition(f"{topic}-nowhere", 0), TopicPartition(topic, 5)):
            async with asyncio.timeout(20):  # a third of what commits are tried for
                with pytest.raises(KafkaError, match=f"offset of {place} in group {topic}") as caught:
                    await consumer.commit({place: 1})
            assert caught.value.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert await consumer.committed(TopicPartition(f"{topic}-nowhere", 0)) is None
