"""The producer against a real broker."""

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess

from ottla.client import Admin, BufferFull, Consumer, Delivery, Producer, RecordMetadata, SomeNotSentError
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.compression import Codec
from ottla.records.record import Record


async def read(servers: str, topic: str, count: int) -> dict[int, list[Record[Any, Any]]]:
    """`count` records from the beginning, by partition."""
    read: defaultdict[int, list[Record[Any, Any]]] = defaultdict(list)
    async with Consumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        for _ in range(count):
            record = await consumer.getone()
            read[record.partition].append(record)
    return read


@pytest.mark.parametrize("acks", ["all", 1, 0])
@pytest.mark.parametrize("codec", list(Codec), ids=lambda codec: codec.name.lower())
async def test_every_codec_and_every_acks(broker: BrokerProcess, topic: str, codec: Codec, acks: Any) -> None:
    values = [b"%d" % number * 100 for number in range(500)]
    async with Producer(broker.bootstrap, compression_type=codec, acks=acks) as producer:
        deliveries = [producer.send_nowait(topic, value, partition=0) for value in values]
        saved = [await delivery for delivery in deliveries]
    expected = [-1] * 500 if acks == 0 else list(range(500))
    assert [record.offset for record in saved] == expected
    assert [record.value for record in (await read(broker.bootstrap, topic, 500))[0]] == values


async def test_nulls_headers_and_empty_things_come_back_as_they_went(
    broker: BrokerProcess, topic: str
) -> None:
    headers = (("a", b"1"), ("a", None), ("", b""), ("ž", b"\xff"))
    async with Producer(broker.bootstrap) as producer:
        for key, value in [(None, None), (b"", b""), (b"k", None), (None, b"v")]:
            await producer.send(
                topic, value, key=key, headers=headers, partition=0, timestamp_ms=1_600_000_000_000
            )
    records = (await read(broker.bootstrap, topic, 4))[0]
    assert [(record.key, record.value) for record in records] == [
        (None, None),
        (b"", b""),
        (b"k", None),
        (None, b"v"),
    ]
    assert {record.headers for record in records} == {headers}
    assert {record.timestamp for record in records} == {1_600_000_000_000}


async def test_any_buffer_will_do_and_may_be_used_again_at_once(broker: BrokerProcess, topic: str) -> None:
    content = bytearray(b"0")
    async with Producer(broker.bootstrap) as producer:
        for number in range(3):  # parked until the topic is known
            content[:] = b"%d" % number
            producer.send_nowait(topic, content, key=content, headers={"h": content}, partition=0)
        await producer.flush()
        for number in range(3, 6):
            content[:] = b"%d" % number
            producer.send_nowait(topic, memoryview(content), key=content, partition=0)
        by_key = await producer.send(topic, b"", key=bytearray(b"alice"))
        assert by_key.partition == (await producer.send(topic, b"", key=b"alice")).partition
    records = [record for each in (await read(broker.bootstrap, topic, 8)).values() for record in each]
    numbered = [record for record in records if record.value]
    assert [(record.key, record.value) for record in numbered] == [(b"%d" % n, b"%d" % n) for n in range(6)]
    assert [record.headers for record in numbered[:3]] == [(("h", b"%d" % n),) for n in range(3)]


async def test_a_record_of_nearly_a_megabyte(broker: BrokerProcess, topic: str) -> None:
    value = bytes(range(256)) * 4000
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, value)
    [[record]] = (await read(broker.bootstrap, topic, 1)).values()
    assert record.value == value


async def test_a_record_too_large_for_the_client_is_refused_at_once(
    broker: BrokerProcess, topic: str
) -> None:
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(KafkaError, match="larger than max_request_size, 1048576 bytes") as caught:
            await producer.send(topic, bytes(1_048_576))
    assert caught.value.code == ErrorCode.MESSAGE_TOO_LARGE


async def test_a_record_too_large_for_the_topic_is_the_brokers_word(
    broker: BrokerProcess, topic: str
) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, configs={"max.message.bytes": "1000"})
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(KafkaError) as caught:
            await producer.send(topic, bytes(2000))
        assert caught.value.code == ErrorCode.MESSAGE_TOO_LARGE
        await producer.send(topic, b"small")


async def test_equal_keys_share_a_partition_and_keyless_records_use_them_all(
    broker: BrokerProcess, topic: str
) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=4)
    async with Producer(broker.bootstrap, batch_size=1000) as producer:
        keyed = [producer.send_nowait(topic, b"", key=b"%d" % (number % 50)) for number in range(200)]
        keyless = [producer.send_nowait(topic, bytes(100)) for _ in range(200)]
        partitions = [(await delivery).partition for delivery in keyed]
        assert partitions[:50] * 4 == partitions
        assert {(await delivery).partition for delivery in keyless} == {0, 1, 2, 3}


async def test_a_partition_that_is_not_there(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=2)
    async with Producer(broker.bootstrap) as producer:
        with pytest.raises(KafkaError, match="has no partition 2: it has 2 partitions, 0 to 1"):
            await producer.send(topic, b"", partition=2)


async def test_twenty_thousand_records_stay_in_order_in_each_partition(
    broker: BrokerProcess, topic: str
) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=3)
    async with Producer(broker.bootstrap, linger_ms=0, buffer_memory=100_000) as producer:
        for number in range(20_000):
            while True:
                try:
                    producer.send_nowait(topic, b"%d" % number, key=b"%d" % (number % 100))
                    break
                except BufferFull:
                    await producer.ready()
    read_back = await read(broker.bootstrap, topic, 20_000)
    assert len(read_back) == 3
    for records in read_back.values():
        numbers = [int(record.value or b"") for record in records]
        assert numbers == sorted(numbers)


async def test_the_first_address_that_answers_is_enough(broker: BrokerProcess, topic: str) -> None:
    async with Producer(f"127.0.0.1:1,{broker.bootstrap}") as producer:
        assert (await producer.send(topic, b"v")).offset == 0


async def test_no_broker_is_said_with_every_address() -> None:
    with pytest.raises(KafkaError, match=r"127\.0\.0\.1:1: .*127\.0\.0\.1:2: ") as caught:
        async with Producer("127.0.0.1:1,127.0.0.1:2"):
            pass
    assert caught.value.code == ErrorCode.BROKER_NOT_AVAILABLE


async def test_records_sent_while_the_broker_restarts_arrive_once_it_is_back(
    new_broker: NewBroker, topic: str
) -> None:
    broker = new_broker().start()
    async with Producer(broker.bootstrap) as producer:
        first = await producer.send(topic, b"before")
        await asyncio.to_thread(broker.kill)
        deliveries = [producer.send_nowait(topic, b"%d" % number) for number in range(10)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(broker.start)
        offsets = [(await delivery).offset for delivery in deliveries]
    assert first.offset == 0
    assert offsets == list(range(1, 11))


async def test_delivery_is_given_up_in_time_and_says_why(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    async with Producer(broker.bootstrap, delivery_timeout_ms=700) as producer:
        await producer.send(topic, b"before")
        await asyncio.to_thread(broker.kill)
        with pytest.raises(KafkaError, match=r"not delivered in 700 ms \(.*127\.0\.0\.1"):
            await producer.send(topic, b"after")


async def test_leaving_with_an_exception_gives_up_what_waits(broker: BrokerProcess, topic: str) -> None:
    waiting: list[Delivery] = []

    async def fail_in_the_middle() -> None:
        async with Producer(broker.bootstrap, linger_ms=60_000) as producer:
            waiting.append(producer.send_nowait(topic, b"v"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_in_the_middle()
    with pytest.raises(KafkaError, match="closed"):
        await waiting[0]


async def test_leaving_with_an_exception_ends_those_who_wait_for_room(
    broker: BrokerProcess, topic: str
) -> None:
    waiting: list[asyncio.Future[RecordMetadata]] = []

    async def fail_in_the_middle() -> None:
        async with Producer(
            broker.bootstrap, linger_ms=60_000, batch_size=1_000_000, buffer_memory=1_000_100
        ) as producer:
            await producer.partitions_for(topic)
            producer.send_nowait(topic, bytes(200), partition=0)
            with pytest.raises(BufferFull, match=r"await producer\.ready"):
                producer.send_nowait(topic, bytes(1_000_000), partition=0)
            waiting.append(asyncio.ensure_future(producer.send(topic, bytes(1_000_000), partition=0)))
            await asyncio.sleep(0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_in_the_middle()
    async with asyncio.timeout(10):
        with pytest.raises(KafkaError, match="closed"):
            await waiting[0]


async def test_a_closed_producer_takes_nothing(broker: BrokerProcess, topic: str) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"v")
    for name in (topic, f"{topic}-that-it-does-not-know"):
        with pytest.raises(KafkaError, match="closed"):
            producer.send_nowait(name, b"v")
        with pytest.raises(KafkaError, match="closed"):
            await producer.send(name, b"v")
        with pytest.raises(KafkaError, match="closed"):
            await producer.send_many(name, [b"v"])
        with pytest.raises(KafkaError, match="client is closed"):
            await producer._cluster.refresh([name])


async def test_the_partition_of_a_key_is_javas(broker: BrokerProcess, topic: str) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, partitions=10)
    async with Producer(broker.bootstrap) as producer:
        saved = [await producer.send(topic, b"", key=key) for key in (b"foobar", b"21", b"abc")]
    hashes = [-790332482, -973932308, 479470107]
    assert [each.partition for each in saved] == [(number & 0x7FFFFFFF) % 10 for number in hashes]


async def test_flush_neither_lingers_nor_hangs_over_records_of_a_topic_that_is_not_known_yet(
    broker: BrokerProcess, topic: str
) -> None:
    async with Producer(broker.bootstrap, linger_ms=60_000) as producer:
        deliveries = [producer.send_nowait(topic, b"%d" % number, partition=0) for number in range(100)]
        await asyncio.wait_for(producer.flush(), 20)
        assert [delivery.result().offset for delivery in deliveries] == list(range(100))


async def test_a_failure_that_only_a_flush_waited_for_is_logged(
    broker: BrokerProcess, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.create_topic(topic, configs={"max.message.bytes": "1000"})
    async with Producer(broker.bootstrap) as producer:
        await producer.partitions_for(topic)
        producer.send_nowait(topic, bytes(2000))
        await producer.flush()
        assert "1 records were not delivered" in caplog.text
        assert "max.message.bytes" in caplog.text


async def test_many_have_keys_and_headers_of_their_own(broker: BrokerProcess, topic: str) -> None:
    keys = [b"a", None, b"b"] * 20
    headers = [{"n": b"%d" % number} if number % 2 else None for number in range(60)]
    async with Producer(broker.bootstrap) as producer:
        sent = await producer.send_many(topic, [b"%d" % n for n in range(60)], keys=keys, headers=headers)
        with pytest.raises(ValueError, match="2 values and 1 headers"):
            await producer.send_many(topic, [b"a", b"b"], headers=[None])
        with pytest.raises(KafkaError, match="headers are a dict, or pairs"):
            await producer.send_many(topic, [b"a"], headers=[{"n": "text"}])  # type: ignore[dict-item]
    read_back = await read(broker.bootstrap, topic, 60)
    for number, saved in enumerate(sent):
        record = next(each for each in read_back[saved.partition] if each.offset == saved.offset)
        expected = (("n", b"%d" % number),) if number % 2 else ()
        assert (record.value, record.key, record.headers) == (b"%d" % number, keys[number], expected)


async def test_many_that_linger_leave_when_others_need_their_room(broker: BrokerProcess, topic: str) -> None:
    options: Any = {"linger_ms": 3_600_000, "buffer_memory": 32_768, "batch_size": 8_192}
    async with Producer(broker.bootstrap, **options) as producer:
        for partition in await producer.partitions_for(topic):
            producer.send_nowait(topic, bytes(100), partition=partition)
            producer.send_nowait(topic, bytes(100), partition=partition)
        many = asyncio.ensure_future(producer.send_many(topic, [bytes(1000)] * 200, partition=0))
        while not many.done():
            await asyncio.sleep(0.01)
            if producer.health().counters.records_delivered >= 150:
                await producer.flush()  # what is left lingers on
        assert len(await many) == 200


async def test_many_for_which_there_is_no_room_in_time_are_said(new_broker: NewBroker, topic: str) -> None:
    broker = new_broker().start()
    options: Any = {"max_block_ms": 100, "buffer_memory": 32_768, "delivery_timeout_ms": 1_500}
    async with Producer(broker.bootstrap, request_timeout_ms=500, **options) as producer:
        await producer.send(topic, b"")
        broker.kill()
        with pytest.raises(SomeNotSentError, match="100 of 100 records were not delivered") as failed:
            await producer.send_many(topic, [bytes(1000)] * 100, keys=[b"%d" % n for n in range(100)])
        reasons = [type(error) for error in failed.value.records.errors.values()]
        assert 0 < reasons.count(BufferFull) < 100


@pytest.mark.parametrize("wrong", [{"timestamp_ms": 1.5}, {"partition": "0"}], ids=str)
async def test_a_place_and_a_time_are_integers(
    broker: BrokerProcess, topic: str, wrong: dict[str, Any]
) -> None:
    async with Producer(broker.bootstrap) as producer:
        await producer.send(topic, b"fine")
        with pytest.raises(TypeError, match="partition and timestamp_ms are integers, not "):
            producer.send_nowait(topic, b"x", **wrong)
