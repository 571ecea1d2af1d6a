"""The public API as a type checker sees it; never run. Each ignored line is an error that must be found."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, assert_type
from uuid import UUID

from ottla import Admin, Batch, Consumer, Delivery, Producer, Record, RecordMetadata, Topic, TopicPartition
from ottla.client import SentRecords, serdes, sync
from ottla.client.admin import CreatedTopic, Results
from ottla.client.brokers.metadata import TopicMetadata
from ottla.client.registry.registry import SchemaRegistry
from ottla.client.serdes import RegistrySerde


@dataclass
class Order:
    id: str


ORDER = Order("1")
REGISTRY = SchemaRegistry("http://127.0.0.1:8081")
orders = Topic("orders", key=str, value=Order)


def topics() -> None:
    assert_type(orders, Topic[str, Order])
    assert_type(Topic("clicks"), Topic[bytes, bytes])
    assert_type(Topic("clicks", key=int), Topic[int, bytes])
    assert_type(Topic("clicks", value=UUID), Topic[bytes, UUID])
    assert_type(Topic("clicks", str, float), Topic[str, float])
    assert_type(Topic("counts", key=str, value=dict[str, int]), Topic[str, dict[str, int]])
    assert_type(Topic("nothing", key=type(None), value=list[Order]), Topic[None, list[Order]])
    assert_type(Topic("small", value=serdes.ShortSerde()), Topic[bytes, int])
    assert_type(Topic("json", value=serdes.JsonSerde(Order)), Topic[bytes, Order])
    assert_type(serdes.avro(Order, REGISTRY), RegistrySerde[Order])
    assert_type(serdes.avro('{"type":"string"}', registry=REGISTRY), RegistrySerde[Any])
    assert_type(serdes.json_schema(Order, REGISTRY, validate=False), RegistrySerde[Order])
    assert_type(Topic("avro", key=str, value=serdes.avro(Order, registry=REGISTRY)), Topic[str, Order])
    serdes.avro(Order, REGISTRY, auto_registre=True)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    Topic("none", value=7)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


async def producer() -> None:
    async with Producer("localhost:9092", acks="all", linger_ms=5, compression_type="zstd") as it:
        assert_type(it, Producer)
        assert_type(await it.send(orders, ORDER, key="k", headers={"trace": b"1"}), RecordMetadata)
        assert_type(await it.send("orders", b"v", partition=0), RecordMetadata)
        assert_type(it.send_nowait(orders, None, key="gone"), Delivery)
        assert_type(await it.send_nowait(orders, ORDER), RecordMetadata)
        assert_type(await it.send_many(orders, [ORDER], keys=["k"]), SentRecords)
        await it.send(orders, "no order")  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
        await it.send(orders, ORDER, key=7)  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
    Producer(ack="all")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Producer(acks="both")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def consumer() -> None:
    async with Consumer(orders, group_id="billing", auto_offset_reset="earliest") as it:
        assert_type(it, Consumer[str, Order])
        async for record in it:
            assert_type(record, Record[str, Order])
            assert_type(record.value.id, str)
        batches: AsyncIterator[Batch[str, Order]] = it.batches(max_records=500)
        async for batch in batches:
            assert_type(batch.values(), list[Order])
            await batch.commit()
        assert_type(await it.getone(), Record[str, Order])
        assert_type(await it.getmany(timeout_ms=5), dict[TopicPartition, list[Record[str, Order]]])
        assert_type(await it.position(TopicPartition("orders", 0)), int)
    assert_type(Consumer("a", "b", bootstrap_servers="localhost:9092"), Consumer[bytes, bytes])
    Consumer("a", auto_offset_rest="earliest")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


async def admin() -> None:
    async with Admin("localhost:9092") as it:
        assert_type(await it.list_topics(), list[TopicMetadata])
        assert_type(await it.create_topic("t", partitions=3), CreatedTopic)
        assert_type(await it.delete_topics(["t"]), Results[str, None])


def blocking() -> None:
    with sync.Producer("localhost:9092", acks=1) as producing:
        assert_type(producing.send(orders, ORDER, key="k"), RecordMetadata)
        assert_type(producing.send_nowait(orders, ORDER), sync.Delivery)
        assert_type(producing.send_many("t", [b"v"]), SentRecords)
        producing.send(orders, "no order")  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
    with sync.Consumer(orders, group_id="g") as consuming:
        for record in consuming:
            assert_type(record, Record[str, Order])
        for batch in consuming.batches():
            assert_type(batch.values(), list[Order])
            batch.commit()
    with sync.Admin() as asking:
        assert_type(asking.list_topics(), list[TopicMetadata])
        assert_type(asking.create_topic("t", partitions=3), CreatedTopic)
        assert_type(asking.delete_topics(["t"]), Results[str, None])
        asking.create_topic(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
