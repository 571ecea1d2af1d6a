"""Confluent's own serializers read what ours write, and the other way round."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from tests.support import protobuf_messages as shop
from tests.support.schema_registry import FakeRegistry, fake_registry

from ottla.client import serdes
from ottla.client.registry.registry import SchemaRegistry

AVRO = """{"type": "record", "name": "Line", "fields": [
    {"name": "product", "type": "string"}, {"name": "count", "type": "long", "default": 1}]}"""
JSON = """{"title": "Line", "type": "object", "required": ["product"], "properties": {
    "product": {"type": "string"}, "count": {"type": "integer"}}}"""
BY_TOPIC = {"subject.name.strategy": topic_subject_name_strategy}
CONTEXT = SerializationContext("lines", MessageField.VALUE)


@dataclass
class Line:
    product: str
    count: int = 1


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


@pytest.fixture
def theirs(fake: FakeRegistry) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient({"url": fake.url}) as client:
        yield client


@pytest.fixture
def ours(fake: FakeRegistry) -> SchemaRegistry:
    return SchemaRegistry(fake.url)


def test_avro(theirs: SchemaRegistryClient, ours: SchemaRegistry) -> None:
    line = Line("tea", 2)
    serializer = AvroSerializer(theirs, AVRO, lambda line, _: asdict(line), BY_TOPIC)
    deserializer = AvroDeserializer(theirs, AVRO, lambda fields, _: Line(**fields), conf=BY_TOPIC)
    serde = serdes.avro(Line, ours, schema=AVRO)
    written = serializer(line, CONTEXT)
    assert serde.deserialize(written, "lines", ()) == line
    assert serde.serialize(line, "lines", ()) == written
    assert deserializer(serde.serialize(line, "lines", ()), CONTEXT) == line


def test_avro_of_a_dataclass(theirs: SchemaRegistryClient, ours: SchemaRegistry) -> None:
    data = serdes.avro(Line, ours).serialize(Line("tea", 2), "lines", ())
    assert AvroDeserializer(theirs, conf=BY_TOPIC)(data, CONTEXT) == {"product": "tea", "count": 2}


def test_json_schema(theirs: SchemaRegistryClient, ours: SchemaRegistry) -> None:
    line = Line("tea", 2)
    serializer = JSONSerializer(JSON, theirs, lambda line, _: asdict(line), BY_TOPIC)
    deserializer = JSONDeserializer(JSON, lambda fields, _: Line(**fields), theirs, BY_TOPIC)
    serde = serdes.json_schema(Line, ours, schema=JSON)
    assert serde.deserialize(serializer(line, CONTEXT), "lines", ()) == line
    assert deserializer(serde.serialize(line, "lines", ()), CONTEXT) == line


def test_json_schema_of_a_dataclass(theirs: SchemaRegistryClient, ours: SchemaRegistry) -> None:
    data = serdes.json_schema(Line, ours).serialize(Line("tea", 2), "lines", ())
    deserializer = JSONDeserializer(None, None, theirs, BY_TOPIC)
    assert deserializer(data, CONTEXT) == {"product": "tea", "count": 2}


@pytest.mark.parametrize(
    "message",
    [
        shop.Order(id="7", price=shop.Money(cents=3), lines=[shop.Line(product="tea")]),
        shop.Line(product="tea", count=2),
        shop.Unrelated(),
    ],
    ids=["with imports", "nested", "the first of its file"],
)
def test_protobuf(
    fake: FakeRegistry, theirs: SchemaRegistryClient, ours: SchemaRegistry, message: Any
) -> None:
    serializer = ProtobufSerializer(type(message), theirs, BY_TOPIC)
    deserializer = ProtobufDeserializer(type(message), BY_TOPIC, theirs)
    serde = serdes.protobuf(type(message), ours)
    written = serializer(message, CONTEXT)
    subjects, schemas = dict(fake.subjects), dict(fake.schemas)
    assert serde.deserialize(written, "lines", ()) == message
    assert serde.serialize(message, "lines", ()) == written
    assert (fake.subjects, fake.schemas) == (subjects, schemas), "the same schemas under the same subjects"
    assert deserializer(serde.serialize(message, "lines", ()), CONTEXT) == message


@pytest.mark.parametrize("strategy", ["record", "topic_record"])
def test_subjects(
    fake: FakeRegistry, theirs: SchemaRegistryClient, ours: SchemaRegistry, strategy: Any
) -> None:
    serializer = AvroSerializer(theirs, AVRO, conf={"subject.name.strategy.type": strategy.upper()})
    serializer({"product": "tea"}, CONTEXT)
    before = list(fake.subjects)
    serde = serdes.avro(AVRO, ours, subject_name_strategy=strategy)
    serde.serialize({"product": "tea"}, "lines", ())
    assert list(fake.subjects) == before
