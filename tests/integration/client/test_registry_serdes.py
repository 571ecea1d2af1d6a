"""Avro, Protobuf and JSON Schema with a registry."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import pydantic
import pytest
from tests.support import protobuf_messages as shop
from tests.support.schema_registry import FakeRegistry, fake_registry, guid_of

from ottla.client import Consumer, Producer, serdes
from ottla.client.registry.registry import Schema, SchemaReference, SchemaRegistry, SchemaRegistryError
from ottla.client.serdes import Prepared, RegistrySerde, Serde, SerializationError
from ottla.client.topic import Topic
from ottla.testing import Broker


class State(Enum):
    OPEN = "open"
    SHIPPED = "shipped"


@dataclass
class Line:
    product: str
    count: int = 1


@dataclass
class Order:
    id: UUID
    at: datetime
    state: State = State.OPEN
    lines: list[Line] = field(default_factory=list)
    note: str | None = None


class Model(pydantic.BaseModel):
    product: str
    count: int = 1


ORDER = Order(UUID(int=7), datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC), State.SHIPPED, [Line("tea", 2)])
MESSAGE = shop.Order(id="7", price=shop.Money(cents=100), lines=[shop.Line(product="tea")])


class Case(NamedTuple):
    make: Any
    value: Any
    wrong: Any


CASES = {
    "avro": Case(lambda r, **o: serdes.avro(Order, r, **o), ORDER, Line("tea")),
    "avro of a model": Case(
        lambda r, **o: serdes.avro(Model, r, **o), Model(product="tea"), {"product": "tea"}
    ),
    "protobuf": Case(lambda r, **o: serdes.protobuf(shop.Order, r, **o), MESSAGE, shop.Money(cents=1)),
    "json": Case(lambda r, **o: serdes.json_schema(Order, r, **o), ORDER, Line("tea")),
    "json of a model": Case(
        lambda r, **o: serdes.json_schema(Model, r, **o), Model(product="tea"), {"product": "tea"}
    ),
}


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


@pytest.fixture
def registry(fake: FakeRegistry) -> SchemaRegistry:
    return SchemaRegistry(fake.url, retries=0)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


async def test_values_come_back_and_the_registry_is_asked_ahead_and_once(
    case: Case, fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    writer: RegistrySerde[Any] = case.make(registry)
    assert isinstance(writer, Prepared)
    assert isinstance(writer, Serde)
    assert not writer.is_prepared("orders")
    await writer.prepare("orders")
    assert writer.is_prepared("orders")
    asked = len(fake.questions)
    data = [writer.serialize(case.value, "orders", ()) for _ in range(3)]
    assert len(fake.questions) == asked

    reader: RegistrySerde[Any] = case.make(SchemaRegistry(fake.url))
    await reader.prepare_for([*data, None, b"", b"no schema"])
    assert reader.is_prepared_for(data)
    asked = len(fake.questions)
    assert [reader.deserialize(each, "orders", ()) for each in data] == [case.value] * 3
    assert len(fake.questions) == asked
    assert "orders-value" in fake.subjects


async def test_unprepared_it_waits_for_the_registry_even_in_an_event_loop(
    case: Case, registry: SchemaRegistry, fake: FakeRegistry
) -> None:
    data = case.make(registry).serialize(case.value, "orders", ())
    assert data[:1] == b"\0"
    assert fake.schemas[int.from_bytes(data[1:5], "big")]
    assert case.make(SchemaRegistry(fake.url)).deserialize(data, "orders", ()) == case.value


def test_null_stays_null_and_asks_nobody(case: Case, fake: FakeRegistry, registry: SchemaRegistry) -> None:
    serde = case.make(registry)
    assert serde.serialize(None, "orders", ()) is None
    assert serde.deserialize(None, "orders", ()) is None
    assert fake.questions == []


def test_a_wrong_value_is_refused(case: Case, registry: SchemaRegistry) -> None:
    name = type(case.wrong).__qualname__
    with pytest.raises(
        SerializationError, match=f"topic orders: the key, of type {name}, does not fit the schema"
    ):
        case.make(registry).for_field("key").serialize(case.wrong, "orders", ())


def test_bytes_without_a_schema_are_refused(case: Case, registry: SchemaRegistry) -> None:
    for data in (b"", b"\0\0\0", b'{"product": "tea"}'):
        with pytest.raises(SerializationError, match=r"topic orders: the value b.* with a schema's id"):
            case.make(registry).deserialize(data, "orders", ())


def test_damaged_data_is_refused(case: Case, registry: SchemaRegistry) -> None:
    serde = case.make(registry)
    data = serde.serialize(case.value, "orders", ())
    for damaged in (data[:-1], data[:5] + b"\xff\xff\xff" + data[8:], data[:5]):
        with pytest.raises(SerializationError):
            serde.deserialize(damaged, "orders", ())


def test_a_key_and_a_value_have_subjects_of_their_own(
    case: Case, fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    topic = Topic("orders", key=case.make(registry), value=case.make(registry))
    assert topic.key_serde
    topic.key_serde.serialize(case.value, topic.name, ())
    assert "orders-key" in fake.subjects
    assert "orders-value" not in fake.subjects


@pytest.mark.parametrize(
    ("strategy", "subjects"),
    [
        ("record", ["Order"]),
        ("topic_record", ["orders-Order"]),
        (lambda topic, field, name: f"{topic}/{field}/{name}", ["orders/value/Order"]),
    ],
)
def test_subject_name_strategies(
    fake: FakeRegistry, registry: SchemaRegistry, strategy: Any, subjects: list[str]
) -> None:
    serdes.avro(Order, registry, subject_name_strategy=strategy).serialize(ORDER, "orders", ())
    assert list(fake.subjects) == subjects


def test_without_auto_register_the_schema_must_be_there(
    case: Case, fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    with pytest.raises(SchemaRegistryError, match=r"Subject not found\.; register the schema first"):
        case.make(registry, auto_register=False).serialize(case.value, "orders", ())
    case.make(registry).serialize(case.value, "orders", ())
    again = case.make(SchemaRegistry(fake.url), auto_register=False).serialize(case.value, "orders", ())
    assert case.make(registry).deserialize(again, "orders", ()) == case.value


async def test_an_unreachable_registry_is_said_by_prepare(
    case: Case, fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    serde = case.make(registry)
    fake.failures = [503]
    with pytest.raises(SchemaRegistryError, match="503") as refusal:
        await serde.prepare("orders")
    assert refusal.value.retriable
    await serde.prepare("orders")
    assert serde.is_prepared("orders")


async def test_who_asks_at_the_same_time_shares_the_question_and_its_outcome(
    fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    serde = serdes.avro(Line, registry)
    fake.failures = [409]
    outcomes = await asyncio.gather(*(serde.prepare("orders") for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, SchemaRegistryError) for each in outcomes)
    assert len(fake.questions) == 1
    asking = [asyncio.ensure_future(serde.prepare("orders")) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # the one whose question it is
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None] * 19
    assert serde.is_prepared("orders")
    assert len(fake.questions) <= 3


async def test_a_schema_that_nobody_knows_is_said_by_the_record_that_has_it(registry: SchemaRegistry) -> None:
    serde = serdes.avro(Line, registry)
    poison = b"\0\0\0\0\x63data"
    await serde.prepare_for([poison])
    with pytest.raises(SchemaRegistryError, match="Schema not found"):
        serde.deserialize(poison, "orders", ())


async def test_a_registry_that_is_gone_while_reading_is_said_by_prepare_for(
    fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    data = serdes.avro(Line, registry).serialize(Line("tea"), "orders", ())
    reader = serdes.avro(Line, SchemaRegistry(fake.url, retries=0))
    fake.failures = [500]
    with pytest.raises(SchemaRegistryError, match="500"):
        await reader.prepare_for([data])


def test_a_guid_in_the_header_is_read_as_well(
    case: Case, fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    data = case.make(registry).serialize(case.value, "orders", ())
    number, rest = int.from_bytes(data[1:5], "big"), data[5:]
    indexes = b""
    if isinstance(case.value, shop.Order):
        number, indexes, rest = 2, rest[:2], rest[2:]
    headers = [("__value_schema_id", b"\1" + guid_of(number).bytes + indexes)]
    assert case.make(SchemaRegistry(fake.url)).deserialize(rest, "orders", headers) == case.value


# Avro: readers have their own schema.


@dataclass
class OldLine:
    product: str
    removed: int


@dataclass
class NewLine:
    product: str
    count: float = 1.5
    note: str | None = None


LINE_FIELDS = [{"name": "product", "type": "string"}, {"name": "count", "type": "int"}]


def test_records_of_an_older_schema_are_resolved(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    old = serdes.avro({"type": "record", "name": "NewLine", "fields": LINE_FIELDS}, registry)
    data = old.serialize({"product": "tea", "count": 3}, "lines", ())
    assert serdes.avro(NewLine, registry).deserialize(data, "lines", ()) == NewLine("tea", 3.0)


def test_what_cannot_be_resolved_is_refused(registry: SchemaRegistry) -> None:
    data = serdes.avro(NewLine, registry).serialize(NewLine("tea"), "lines", ())
    strict = {"type": "record", "name": "NewLine", "fields": [{"name": "price", "type": "double"}]}
    with pytest.raises(SerializationError, match="price"):
        serdes.avro(strict, registry).deserialize(data, "lines", ())


async def test_dicts_are_written_with_the_newest_schema_and_read_with_any(
    fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    for fields in (LINE_FIELDS[:1], LINE_FIELDS):
        text = str({"type": "record", "name": "Line", "fields": fields}).replace("'", '"')
        await registry.register("lines-value", Schema(text))
    untyped = serdes.avro(dict, SchemaRegistry(fake.url))
    data = untyped.serialize({"product": "tea", "count": 2}, "lines", ())
    assert data
    assert data[:5] == b"\0\0\0\0\2"
    assert untyped.deserialize(data, "lines", ()) == {"product": "tea", "count": 2}
    assert untyped.deserialize(b"\0\0\0\0\1\x06tea", "lines", ()) == {"product": "tea"}


async def test_use_latest_version_writes_a_type_with_the_subjects_schema(registry: SchemaRegistry) -> None:
    text = str({"type": "record", "name": "Line", "fields": LINE_FIELDS[:1]}).replace("'", '"')
    await registry.register("lines-value", Schema(text))
    serde = serdes.avro(Line, registry, use_latest_version=True)
    data = serde.serialize(Line("tea", 5), "lines", ())
    assert data == b"\0\0\0\0\1\x06tea"
    assert serde.deserialize(data, "lines", ()) == Line("tea", 1)


async def test_avro_schemas_may_refer_to_others(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    money = '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}'
    await registry.register("money", Schema(money))
    schema = {"type": "record", "name": "Price", "fields": [{"name": "of", "type": "shop.Money"}]}
    references = [SchemaReference("shop.Money", "money", 1)]
    serde = serdes.avro(schema, registry, references=references)
    data = serde.serialize({"of": {"cents": 5}}, "prices", ())
    fresh = serdes.avro(schema, SchemaRegistry(fake.url), references=references)
    assert fresh.deserialize(data, "prices", ()) == {"of": {"cents": 5}}


async def test_a_schema_of_another_format_is_refused(registry: SchemaRegistry) -> None:
    data = serdes.json_schema(Line, registry).serialize(Line("tea"), "lines", ())
    with pytest.raises(SerializationError, match="schema 1 is JSON, not AVRO"):
        serdes.avro(Line, registry).deserialize(data, "lines", ())


def test_bytes_behind_a_record_are_refused(registry: SchemaRegistry) -> None:
    serde = serdes.avro(Line, registry)
    data = serde.serialize(Line("tea"), "lines", ())
    assert data
    with pytest.raises(SerializationError, match="2 bytes are left over"):
        serde.deserialize(data + b"xx", "lines", ())


def test_a_schema_that_is_none_is_said_with_the_topic(registry: SchemaRegistry) -> None:
    broken = {"type": "record", "name": "Line", "fields": [{"name": "x", "type": "nothing"}]}
    with pytest.raises(SerializationError, match="topic lines: the schema of the value is no good"):
        serdes.avro(broken, registry).serialize({"x": 1}, "lines", ())


# Protobuf: message indexes and imports.


def test_imports_are_registered_first_but_not_the_well_known(
    fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    data = serdes.protobuf(shop.Line, registry).serialize(shop.Line(product="tea"), "lines", ())
    assert data == b"\0\0\0\0\2" + b"\x04\x02\x02" + shop.Line(product="tea").SerializeToString()
    assert list(fake.subjects) == ["shop/money.proto", "lines-value"]
    [reference] = fake.schemas[2]["references"]
    assert reference == {"name": "shop/money.proto", "subject": "shop/money.proto", "version": 1}


def test_another_message_of_the_file_is_refused(registry: SchemaRegistry) -> None:
    data = serdes.protobuf(shop.Unrelated, registry).serialize(shop.Unrelated(), "lines", ())
    assert data
    assert data[5:] == b"\0"
    with pytest.raises(
        SerializationError, match=r"it is the message at \[0\] in its file, and shop.Order is at \[1\]"
    ):
        serdes.protobuf(shop.Order, registry).deserialize(data, "lines", ())


def test_a_class_that_is_no_message_is_refused(registry: SchemaRegistry) -> None:
    with pytest.raises(TypeError, match="no message class of Protobuf"):
        serdes.protobuf(Line, registry)  # type: ignore[type-var]


# JSON Schema: values are checked.

POSITIVE = {
    "title": "Line",
    "type": "object",
    "properties": {"product": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["product"],
}


def test_json_is_checked_against_the_schema_when_written_and_read(registry: SchemaRegistry) -> None:
    serde = serdes.json_schema(Line, registry, schema=POSITIVE)
    with pytest.raises(SerializationError, match=r"\$\.count: 0 is less than the minimum of 1"):
        serde.serialize(Line("tea", 0), "lines", ())
    lax = serdes.json_schema(Line, registry, schema=POSITIVE, validate=False)
    data = lax.serialize(Line("tea", 0), "lines", ())
    assert lax.deserialize(data, "lines", ()) == Line("tea", 0)
    with pytest.raises(SerializationError, match=r"\$\.count: 0 is less than the minimum of 1"):
        serde.deserialize(data, "lines", ())


def test_json_of_a_schema_gives_dicts(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    data = serdes.json_schema(POSITIVE, registry).serialize({"product": "tea"}, "lines", ())
    assert data == b'\0\0\0\0\1{"product":"tea"}'
    untyped = serdes.json_schema(dict, SchemaRegistry(fake.url))
    assert untyped.deserialize(data, "lines", ()) == {"product": "tea"}
    with pytest.raises(SerializationError, match=r"'product' is a required property"):
        untyped.deserialize(b"\0\0\0\0\1{}", "lines", ())
    assert untyped.serialize({"product": "salt"}, "lines", ()) == b'\0\0\0\0\1{"product":"salt"}'


async def test_json_schemas_may_refer_to_others(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    await registry.register("money", Schema('{"type":"integer"}', "JSON"))
    schema = {"type": "object", "properties": {"price": {"$ref": "money.json"}}}
    references = [SchemaReference("money.json", "money", 1)]
    serde = serdes.json_schema(schema, registry, references=references)
    data = serde.serialize({"price": 5}, "prices", ())
    with pytest.raises(SerializationError, match=r"\$\.price: '5' is not of type 'integer'"):
        serde.serialize({"price": "5"}, "prices", ())
    fresh = serdes.json_schema(schema, SchemaRegistry(fake.url), references=references)
    assert fresh.deserialize(data, "prices", ()) == {"price": 5}


def test_an_option_that_is_none_is_refused(case: Case, registry: SchemaRegistry) -> None:
    with pytest.raises(TypeError, match="no option of a serde with a registry: auto_registre"):
        case.make(registry, auto_registre=True)


@pytest.mark.parametrize(
    ("make", "library", "extra"),
    [
        (serdes.avro, "fastavro", "avro"),
        (serdes.json_schema, "jsonschema", "jsonschema"),
        (serdes.protobuf, "google.protobuf", "protobuf"),
    ],
)
def test_a_missing_library_is_said_with_the_command(
    registry: SchemaRegistry, monkeypatch: pytest.MonkeyPatch, make: Any, library: str, extra: str
) -> None:
    monkeypatch.setattr("ottla.client.config.extras.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=rf"{library} is not installed; .*pip install 'ottla\[{extra}\]'"):
        make(Line, registry)


@pytest.fixture
def never_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the clients' event loop may wait for the registry's answers on the spot."""

    def held_up(question: Any) -> None:
        question.close()
        raise AssertionError("the event loop was held up")

    monkeypatch.setattr("ottla.client.serdes.registry_serde._wait", held_up)


@pytest.mark.usefixtures("never_held_up")
async def test_serializers_and_deserializers_ask_ahead_each_for_its_side(fake: FakeRegistry) -> None:
    async with Broker() as broker:
        both = serdes.avro(Line, SchemaRegistry(fake.url))
        async with Producer(broker.bootstrap_servers, key_serializer=both, value_serializer=both) as producer:
            await producer.send("lines", Line("tea"), key=Line("salt"))
        assert sorted(fake.subjects) == ["lines-key", "lines-value"]
        both = serdes.avro(Line, SchemaRegistry(fake.url))
        async with Consumer(
            "lines",
            bootstrap_servers=broker.bootstrap_servers,
            auto_offset_reset="earliest",
            key_deserializer=both,
            value_deserializer=both,
        ) as consumer:
            record = await consumer.getone()
            assert (record.key, record.value) == (Line("salt"), Line("tea"))


@pytest.mark.usefixtures("never_held_up")
async def test_producer_and_consumer_ask_the_registry_ahead(fake: FakeRegistry) -> None:
    for name, case in CASES.items():
        topic = Topic(name.replace(" ", "-"), key=str, value=case.make(SchemaRegistry(fake.url)))
        same = Topic(topic.name, key=str, value=case.make(SchemaRegistry(fake.url)))
        async with Broker() as broker:
            async with Producer(broker.bootstrap_servers) as producer:
                await producer.send(topic, case.value, key="k")
                await producer.send_many(topic, [case.value] * 3)
            async with Consumer(
                same, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
            ) as consumer:
                assert (await consumer.getone()).value == case.value
                async for batch in consumer.batches():
                    assert batch.values() == [case.value] * 3
                    break
