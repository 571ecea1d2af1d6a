"""Whatever can be written comes back; whatever comes is read or refused with a SerializationError."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.client import serdes
from ottla.client.registry.registry import RegisteredSchema, Schema, SchemaRegistry
from ottla.client.serdes import SerializationError
from ottla.client.serdes.framing import indexes_of, prefix_of, split, split_indexes

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@dataclass
class Line:
    product: str
    count: int = 1
    tags: list[str] = field(default_factory=list)
    note: str | None = None


@dataclass
class Order:
    id: UUID
    price: float
    lines: dict[str, Line]
    raw: bytes = b""


FINITE = st.floats(allow_nan=False, allow_infinity=False)
LINES = st.builds(Line, TEXT, INT64, st.lists(TEXT, max_size=3), st.none() | TEXT)
ORDERS = st.builds(Order, st.uuids(), FINITE, st.dictionaries(TEXT, LINES, max_size=3), st.binary())


class OneSchema(SchemaRegistry):
    """A registry in memory whose only schema is the one that was registered last."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self._only = Schema("")

    async def register(self, subject: str, schema: Schema, *, normalize: bool = False) -> int:
        self._only = schema
        return 1

    async def schema(self, schema_id: int | str) -> Schema:
        if schema_id != 1:
            raise SerializationError("no such schema")
        return self._only

    async def latest(self, subject: str) -> RegisteredSchema:
        return RegisteredSchema(1, subject, 1, self._only)


def _avro() -> Any:
    return serdes.avro(Order, OneSchema())


def _json_schema() -> Any:
    return serdes.json_schema(Order, OneSchema())


PRIMITIVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (serdes.StringSerde(), TEXT),
    (serdes.LongSerde(), INT64),
    (serdes.IntegerSerde(), st.integers(-(2**31), 2**31 - 1)),
    (serdes.ShortSerde(), st.integers(-(2**15), 2**15 - 1)),
    (serdes.DoubleSerde(), st.floats()),
    (serdes.FloatSerde(), st.floats(width=32)),
    (serdes.BooleanSerde(), st.booleans()),
    (serdes.UUIDSerde(), st.uuids()),
    (serdes.BytesSerde(), st.binary()),
    (serdes.JsonSerde(Order), ORDERS),
]
WITH_SCHEMA = [_avro(), _json_schema()]
SERDES = [serde for serde, _ in PRIMITIVES] + WITH_SCHEMA


@given(st.data())
@pytest.mark.parametrize(("serde", "values"), PRIMITIVES, ids=lambda each: type(each).__name__)
def test_what_is_written_comes_back(serde: Any, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    value = data.draw(values)
    back = serde.deserialize(serde.serialize(value, "t", ()), "t", ())
    assert back == value or (isinstance(value, float) and math.isnan(value) and math.isnan(back))


@given(ORDERS)
@pytest.mark.parametrize("serde", WITH_SCHEMA, ids=repr)
def test_what_is_written_with_a_schema_comes_back(serde: Any, order: Order) -> None:
    assert serde.deserialize(serde.serialize(order, "t", ()), "t", ()) == order


def outcome(step: Callable[..., object], given_value: object) -> object:
    """What the step gives, or the SerializationError that it raises; any other exception is a failure."""
    try:
        return step(given_value, "t", ())
    except SerializationError as error:
        return error


@given(data=st.binary() | st.binary().map(lambda rest: prefix_of(1) + rest))
@pytest.mark.parametrize("serde", SERDES, ids=repr)
def test_any_bytes_are_read_or_refused(serde: Any, data: bytes) -> None:
    result = outcome(serde.deserialize, data)
    if isinstance(result, SerializationError):
        assert str(result).startswith(("topic t: the value", "no such schema"))


KEYS = st.text() | st.integers() | st.binary() | st.floats() | st.none()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | LINES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


@given(value=ANYTHING)
@pytest.mark.parametrize("serde", SERDES, ids=repr)
def test_any_value_is_written_or_refused(serde: Any, value: object) -> None:
    result = outcome(serde.serialize, value)
    if isinstance(result, SerializationError):
        assert str(result).startswith("topic t: the value")
    else:
        assert isinstance(result, bytes if value is not None else type(None))


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.binary())
def test_schema_ids_and_message_indexes_come_back(schema_id: int, path: list[int], message: bytes) -> None:
    found, rest = split(prefix_of(schema_id) + indexes_of(path) + message, (), "value")
    assert (found, split_indexes(rest)) == (schema_id, (tuple(path), message))
