"""The blocking consumer and admin."""

import signal
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pytest

from ottla.client import OffsetAndMetadata, TopicPartition
from ottla.client.config.options import OptionError
from ottla.client.consuming.on_error import Stop
from ottla.client.topic import Topic
from ottla.core.errors import AlreadyExistsError, KafkaError
from ottla.sync import Admin, Consumer, Producer
from ottla.testing.broker_thread import BrokerThread


@dataclass
class Order:
    id: int


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with BrokerThread(configs={"group.initial.rebalance.delay.ms": 0}) as broker:
        yield broker.bootstrap_servers


@pytest.fixture
def topic(servers: str, request: pytest.FixtureRequest) -> str:
    """With the values 0 to 9 in its only partition."""
    name = request.node.name.replace("[", "-").replace("]", "")
    with Producer(servers) as producer:
        producer.send(name, b"0", partition=0)
        producer.send_many(name, [b"%d" % number for number in range(1, 10)], partition=0)
    return name


def consumer(servers: str, *topics: str, group_id: str | None = None) -> Consumer[bytes, bytes]:
    return Consumer(*topics, bootstrap_servers=servers, group_id=group_id, auto_offset_reset="earliest")


def take(reader: Consumer[bytes, bytes], count: int) -> list[bytes]:
    values = []
    for record in reader:
        values.append(record.value)
        if len(values) == count:
            break
    return values


def values(*numbers: int) -> list[bytes]:
    return [b"%d" % number for number in numbers]


def test_a_loop_reads_every_record_and_a_second_loop_goes_on(servers: str, topic: str) -> None:
    with consumer(servers, topic) as reader:
        assert take(reader, 3) == values(0, 1, 2)
        assert take(reader, 3) == values(3, 4, 5)
        assert reader.position(TopicPartition(topic, 0)) == 6
        assert reader.getone().value == b"6"
        assert reader.assignment() == {TopicPartition(topic, 0)}
        [(partition, records)] = reader.getmany(timeout_ms=5000, max_records=2).items()
        assert (partition, [record.value for record in records]) == (TopicPartition(topic, 0), values(7, 8))
        assert reader.lag() == {TopicPartition(topic, 0): 1}
        assert reader.health() is not None


def test_types_are_read_as_they_were_written(servers: str) -> None:
    orders = Topic("orders", key=str, value=Order)
    with Producer(servers) as producer:
        producer.send(orders, Order(7), key="seven")
    with Consumer(orders, bootstrap_servers=servers, auto_offset_reset="earliest") as reader:
        record = reader.getone()
    assert (record.key, record.value) == ("seven", Order(7))


def test_a_record_is_done_when_the_next_is_asked_for_or_the_block_ends(servers: str, topic: str) -> None:
    with consumer(servers, topic, group_id=topic) as reader:
        assert take(reader, 3) == values(0, 1, 2)
    with pytest.raises(LookupError), consumer(servers, topic, group_id=topic) as reader:
        _fail_at(reader, b"5")
    with consumer(servers, topic, group_id=topic) as reader:
        assert reader.committed(TopicPartition(topic, 0)) == OffsetAndMetadata(5, 0)
        assert take(reader, 1) == values(5)


def _fail_at(reader: Consumer[bytes, bytes], value: bytes) -> None:
    for record in reader:
        if record.value == value:
            raise LookupError


def test_commit_stores_what_was_handed_out_and_no_more(servers: str, topic: str) -> None:
    place = TopicPartition(topic, 0)
    with consumer(servers, topic, group_id=topic) as reader:
        for number, _ in enumerate(reader):
            reader.commit()
            committed = reader.committed(place)
            assert committed is not None
            assert committed.offset == number + 1
            if number == 4:
                break
        assert reader.positions_to_commit()[place].offset == 5
        reader.commit({place: 2})
        assert reader.committed(place) == OffsetAndMetadata(2)
        assert reader.group_metadata().group_id == topic


def test_batches(servers: str, topic: str) -> None:
    with consumer(servers, topic, group_id=topic) as reader:
        for batch in reader.batches(max_records=4):
            assert batch.topic, batch.partition == (topic, 0)
            assert (
                len(batch)
                == len(batch.records)
                == len(batch.offsets)
                == len(batch.keys())
                == len(list(batch))
            )
            assert batch.values() == [record.value for record in batch]
            batch.commit()
            committed = reader.committed(TopicPartition(topic, 0))
            assert committed == OffsetAndMetadata(batch.next_offset, batch.leader_epoch)
            if batch.next_offset == 10:
                break


def test_positions_are_moved_from_within_the_loop(servers: str, topic: str) -> None:
    place = TopicPartition(topic, 0)
    with consumer(servers) as reader:
        reader.assign([place])
        reader.seek_to_beginning(place)
        assert take(reader, 2) == values(0, 1)
        reader.seek(place, 7)
        assert take(reader, 3) == values(7, 8, 9)
        reader.seek_to_end()
        assert reader.position(place) == 10
        assert reader.beginning_offsets([place]) == {place: 0}
        assert reader.end_offsets([place]) == {place: 10}
        found = reader.offsets_for_times({place: 1})[place]
        assert found is not None
        assert found.offset == 0
        assert reader.partitions_for(topic) == [place]


def test_what_is_paused_is_not_handed_out(servers: str, topic: str) -> None:
    place = TopicPartition(topic, 0)
    with consumer(servers, topic) as reader:
        assert take(reader, 2) == values(0, 1)
        reader.pause(place)
        assert reader.paused() == {place}
        assert reader.getmany(timeout_ms=100) == {}
        reader.resume(place)
        assert take(reader, 2) == values(2, 3)


def test_hooks_may_call_the_consumer(servers: str, topic: str) -> None:
    told: list[tuple[str, Collection[TopicPartition]]] = []
    reader = consumer(servers, group_id=topic)

    @reader.on_assigned
    def assigned(partitions: Collection[TopicPartition]) -> None:
        told.append(("assigned", set(partitions)))

    def revoked(partitions: Collection[TopicPartition]) -> None:
        reader.commit()
        told.append(("revoked", set(partitions)))

    with reader:
        reader.subscribe([topic], on_revoked=revoked)
        assert reader.subscription() == {topic}
        assert take(reader, 4) == values(0, 1, 2, 3)
        reader.unsubscribe()
    place = {TopicPartition(topic, 0)}
    assert told == [("assigned", place), ("revoked", place)]
    with consumer(servers, topic, group_id=topic) as again:
        assert take(again, 1) == values(4)


def test_run_calls_the_handler_in_threads_and_stops_at_its_error(servers: str, topic: str) -> None:
    seen: list[tuple[bytes, str]] = []

    def handle(record: object) -> None:
        value = record.value  # type: ignore[attr-defined]
        seen.append((value, threading.current_thread().name))
        if value == b"3":
            raise LookupError("three")

    with consumer(servers, topic, group_id=topic) as reader, pytest.raises(LookupError, match="three"):
        reader.run(handle, on_error=Stop())
    assert [value for value, _ in seen] == values(0, 1, 2, 3)
    assert "ottla" not in {thread for _, thread in seen}, "the event loop's thread is not held up"


def test_ctrl_c_ends_a_wait_and_loses_nothing(servers: str, topic: str) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    main = threading.main_thread().ident or 0
    try:
        with consumer(servers, topic) as reader:
            assert take(reader, 10) == values(*range(10))
            timer = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                next(iter(reader))
            timer.join()
            with Producer(servers) as producer:
                producer.send(topic, b"10")
            assert take(reader, 1) == values(10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_producer_and_a_consumer_of_two_threads(servers: str, topic: str) -> None:
    got: list[bytes] = []

    def read() -> None:
        with consumer(servers, topic) as reader:
            got.extend(take(reader, 1010))

    thread = threading.Thread(target=read)
    thread.start()
    with Producer(servers) as producer:
        for number in range(1000):
            producer.send_nowait(topic, b"%d" % number)
    thread.join(30)
    assert len(got) == 1010


def test_options_and_misuse_are_told(servers: str) -> None:
    with pytest.raises(OptionError):
        Consumer("t", bootstrap_servers=servers, auto_offset_rest="earliest")  # type: ignore[call-overload]
    config = {"bootstrap.servers": servers, "auto.offset.reset": "earliest"}
    with Consumer.from_config(config, "t") as reader:
        assert reader.settings.auto_offset_reset == "earliest"
        with pytest.raises(KafkaError, match="without a group"):
            reader.commit()
    with pytest.raises(RuntimeError, match="not started, or closed"):
        reader.getone()
    reader.close()


def test_the_admin_asks_and_changes(servers: str) -> None:
    with Admin.from_config({"bootstrap.servers": servers}) as admin:
        assert admin.settings.request_timeout_ms == 30_000
        created = admin.create_topic("made", partitions=3)
        assert (created.name, created.partitions) == ("made", 3)
        assert "made" in [topic.name for topic in admin.list_topics()]
        with pytest.raises(AlreadyExistsError):
            admin.create_topic("made")
        admin.delete_topic("made")
        assert admin.now_ms() > 0
    admin.close()
    with pytest.raises(RuntimeError, match="not started, or closed"):
        admin.list_topics()
