import re
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka.serialization import (
    DoubleDeserializer,
    DoubleSerializer,
    IntegerDeserializer,
    IntegerSerializer,
    StringDeserializer,
    StringSerializer,
)

from ottla.client import serdes
from ottla.client.serdes import SerializationError
from ottla.core.errors import ErrorCode, KafkaError

A_UUID = UUID("12345678-1234-5678-1234-567812345678")

# What Apache Kafka's own serializers of these names write.
BYTES_OF_VALUES = [
    (serdes.StringSerde(), "Grüße", b"Gr\xc3\xbc\xc3\x9fe"),
    (serdes.StringSerde(), "", b""),
    (serdes.LongSerde(), 1, b"\0\0\0\0\0\0\0\1"),
    (serdes.LongSerde(), -(2**63), b"\x80\0\0\0\0\0\0\0"),
    (serdes.IntegerSerde(), -2, b"\xff\xff\xff\xfe"),
    (serdes.ShortSerde(), 258, b"\1\2"),
    (serdes.DoubleSerde(), 1.5, b"\x3f\xf8\0\0\0\0\0\0"),
    (serdes.FloatSerde(), 1.5, b"\x3f\xc0\0\0"),
    (serdes.BooleanSerde(), True, b"\x01"),
    (serdes.BooleanSerde(), False, b"\x00"),
    (serdes.UUIDSerde(), A_UUID, b"12345678-1234-5678-1234-567812345678"),
    (serdes.BytesSerde(), b"\0\xff", b"\0\xff"),
]


@pytest.mark.parametrize(("serde", "value", "data"), BYTES_OF_VALUES, ids=lambda each: str(each)[:30])
def test_values_are_the_bytes_that_javas_serializers_write(serde: Any, value: object, data: bytes) -> None:
    assert serde.serialize(value, "t", ()) == data
    assert serde.deserialize(data, "t", ()) == value


@pytest.mark.parametrize(
    ("serde", "value", "serializer", "deserializer"),
    [
        (serdes.StringSerde(), "tea", StringSerializer(), StringDeserializer()),
        (serdes.IntegerSerde(), -77, IntegerSerializer(), IntegerDeserializer()),
        (serdes.DoubleSerde(), 0.1, DoubleSerializer(), DoubleDeserializer()),
    ],
    ids=["string", "integer", "double"],
)
def test_confluents_serializers_agree(serde: Any, value: object, serializer: Any, deserializer: Any) -> None:
    assert serde.serialize(value, "t", ()) == serializer(value)
    assert deserializer(serde.serialize(value, "t", ())) == value


@pytest.mark.parametrize("serde", [serde for serde, _, _ in BYTES_OF_VALUES] + [serdes.VoidSerde()], ids=repr)
def test_null_stays_null(serde: Any) -> None:
    assert serde.serialize(None, "t", ()) is None
    assert serde.deserialize(None, "t", ()) is None


@pytest.mark.parametrize(
    ("serde", "value"),
    [
        (serdes.StringSerde(), b"tea"),
        (serdes.StringSerde(), "\ud800"),
        (serdes.LongSerde(), 2**63),
        (serdes.LongSerde(), 1.0),
        (serdes.LongSerde(), True),
        (serdes.IntegerSerde(), 2**31),
        (serdes.ShortSerde(), 2**15),
        (serdes.DoubleSerde(), "1.5"),
        (serdes.FloatSerde(), 1e300),
        (serdes.BooleanSerde(), 1),
        (serdes.UUIDSerde(), str(A_UUID)),
        (serdes.BytesSerde(), "tea"),
        (serdes.VoidSerde(), b""),
    ],
    ids=repr,
)
def test_a_wrong_value_is_refused_by_name(serde: Any, value: object) -> None:
    with pytest.raises(SerializationError, match="topic orders: the key ") as refusal:
        serde.for_field("key").serialize(value, "orders", ())
    assert type(value).__qualname__ in str(refusal.value)
    assert (refusal.value.topic, refusal.value.field) == ("orders", "key")
    assert refusal.value.code is ErrorCode.INVALID_RECORD
    assert not refusal.value.retriable


@pytest.mark.parametrize(
    ("serde", "data"),
    [
        (serdes.StringSerde(), b"\xff"),
        (serdes.LongSerde(), b"\0\0\0\1"),
        (serdes.IntegerSerde(), b""),
        (serdes.ShortSerde(), b"\0\0\1"),
        (serdes.DoubleSerde(), b"1.5"),
        (serdes.FloatSerde(), b"\0"),
        (serdes.BooleanSerde(), b"\x02"),
        (serdes.BooleanSerde(), b""),
        (serdes.UUIDSerde(), b"\xff" * 36),
        (serdes.UUIDSerde(), b"12345678"),
        (serdes.VoidSerde(), b""),
    ],
    ids=repr,
)
def test_wrong_bytes_are_refused_with_what_they_are(serde: Any, data: bytes) -> None:
    message = f"topic orders: the value {data[:40]!r} ({len(data)} bytes) is not "
    with pytest.raises(KafkaError, match=re.escape(message)):
        serde.deserialize(data, "orders", ())
