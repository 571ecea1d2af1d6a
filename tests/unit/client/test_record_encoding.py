"""From a user's keys, values and headers to bytes, with a word about what cannot be."""

from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.producing import settings

from ottla.client.producing.record_encoding import RecordEncoding, header_pairs, headers_bytes
from ottla.client.serdes import SerializationError, StringSerde
from ottla.client.topic import Topic
from ottla.records.builder import BatchBuilder


@dataclass
class Order:
    id: str
    amount: float


def test_bytes_pass_as_they_are_and_are_not_even_copied() -> None:
    encoding = RecordEncoding("t", settings())
    assert encoding.is_plain
    values = [b"a", None, b""]
    assert encoding.encode_many(values, None, None).values is values
    assert encoding.encode_value(memoryview(b"a"), ()) == b"a"


def test_a_topics_serdes_come_before_the_producers_serializers() -> None:
    told: Any = {"key_serializer": str.encode, "value_serializer": lambda value: repr(value).encode()}
    plain = RecordEncoding("t", settings(**told))
    assert plain.encode_key("k", ()) == b"k"
    assert plain.encode_value(5, ()) == b"5"
    typed = RecordEncoding(Topic("t", value=Order), settings(**told))
    assert typed.encode_key("k", ()) == b"k"
    assert typed.encode_value(Order("a", 1.5), ()) == b'{"id":"a","amount":1.5}'


def test_null_is_null_whatever_the_serializer() -> None:
    encoding = RecordEncoding("t", settings(value_serializer=str.encode, key_serializer=StringSerde()))
    assert encoding.encode_value(None, ()) is None
    assert encoding.encode_key(None, ()) is None
    assert encoding.encode_many(["a", None], None, None).values == [b"a", None]


def test_what_is_no_bytes_is_refused_with_the_ways_out() -> None:
    encoding = RecordEncoding("orders", settings())
    with pytest.raises(SerializationError) as caught:
        encoding.encode_many([b"", "text"], None, None)
    said = str(caught.value)
    assert "orders: the value 'text' is str, not bytes" in said
    assert "value_serializer" in said
    assert "Topic(…, value=str)" in said
    assert (caught.value.topic, caught.value.field) == ("orders", "value")


def test_a_serializer_that_breaks_is_named_with_the_value() -> None:
    encoding = RecordEncoding("orders", settings(key_serializer=lambda key: key["id"]))
    with pytest.raises(
        SerializationError, match=r"orders: the key \{'no': 1\} cannot be serialized: KeyError"
    ):
        encoding.encode_key({"no": 1}, ())


@pytest.mark.parametrize("headers", [{"a": b"1", "b": None}, [("a", b"1"), ("b", None)]])
def test_headers_are_a_dict_or_pairs(headers: Any) -> None:
    assert header_pairs("t", headers) == (("a", b"1"), ("b", None))


@pytest.mark.parametrize(
    "headers", [{"a": "text"}, [("a",)], {b"a": b""}, "ab", {"\ud800": b""}, iter([("a", b"1")])]
)
def test_other_headers_are_refused(headers: Any) -> None:
    with pytest.raises(SerializationError, match="headers are a dict, or pairs, of str and bytes"):
        header_pairs("t", headers)


def test_what_headers_are_said_to_take_is_not_less_than_they_do() -> None:
    headers = (("ž" * 100, b"x" * 1000), ("", None))
    builder = BatchBuilder()
    empty = builder.size_in_bytes
    builder.append(0, None, b"", headers)
    assert builder.size_in_bytes - empty <= headers_bytes(headers) + 32
