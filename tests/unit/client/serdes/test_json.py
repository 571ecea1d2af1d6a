from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest

from ottla.client.serdes import JsonSerde, SerializationError


class State(Enum):
    OPEN = "open"
    SHIPPED = "shipped"


@dataclass
class Line:
    product: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Order:
    id: UUID
    at: datetime
    state: State = State.OPEN
    lines: list[Line] = field(default_factory=list)
    note: str | None = None


class Struct(msgspec.Struct):
    name: str
    raw: bytes = b""


class Model(pydantic.BaseModel):
    name: str
    price: float = 0.0


class Typed(TypedDict):
    name: str


ORDER = Order(UUID(int=1), datetime(2026, 11, 22, tzinfo=UTC), State.SHIPPED, [Line("tea", 2)])

VALUES: list[tuple[Any, object]] = [
    (Order, ORDER),
    (Struct, Struct("tea", b"\0\xff")),
    (Model, Model(name="tea", price=1.5)),
    (Typed, {"name": "tea"}),
    (dict, {"name": ["tea", 1, 1.5, None, True]}),
    (list, [1, "a"]),
    (dict[str, Line], {"one": Line("tea")}),
    (list[Line], [Line("tea"), Line("salt", 3)]),
    (tuple[int, ...], (1, 2, 3)),
    (frozenset[int], frozenset({1, 2})),
]


@pytest.mark.parametrize(("form", "value"), VALUES, ids=lambda each: str(each)[:40])
def test_values_come_back_as_they_were(form: Any, value: object) -> None:
    serde = JsonSerde[Any](form)
    assert serde.deserialize(serde.serialize(value, "t", ()), "t", ()) == value


def test_the_bytes_are_plain_json() -> None:
    assert JsonSerde(Line).serialize(Line("tea", 2), "t", ()) == b'{"product":"tea","count":2}'
    assert JsonSerde(Model).serialize(Model(name="ä"), "t", ()) == '{"name":"ä","price":0.0}'.encode()


def test_null_stays_null() -> None:
    assert JsonSerde(Line).serialize(None, "t", ()) is None
    assert JsonSerde(Line).deserialize(None, "t", ()) is None


@pytest.mark.parametrize("form", [Line, Struct, Model, Typed])
def test_fields_that_the_type_lacks_are_passed_over(form: Any) -> None:
    known = {"name": "tea", "product": "tea"}
    data = msgspec.json.encode({**known, "added later": [1, 2]})
    assert JsonSerde[Any](form).deserialize(data, "t", ()) is not None


@pytest.mark.parametrize(
    ("form", "data", "words"),
    [
        (Line, b'{"count": 1}', "missing required field `product`"),
        (Line, b'{"product": "tea", "count": "two"}', "Expected `int`, got `str` - at"),
        (Line, b"\0\0\0\0\1", "malformed"),
        (Line, b"", "truncated"),
        (Model, b'{"price": 1}', "Field required"),
        (Order, b'{"id": "1", "at": 0}', "Invalid UUID"),
        (list, b"[" * 5000, "recursion"),
    ],
)
def test_what_does_not_fit_the_type_is_refused_with_the_place(form: Any, data: bytes, words: str) -> None:
    with pytest.raises(SerializationError, match=words) as refusal:
        JsonSerde[Any](form).deserialize(data, "orders", ())
    assert str(refusal.value).startswith("topic orders: the value b")


class Unknown:
    pass


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Line, {"product": "tea"}),
        (Line, Order),
        (dict, {"at": Unknown()}),
        (dict, {(1, 2): 3}),
        (list, ["\ud800"]),
        (Line, Line(Unknown())),  # type: ignore[arg-type]
        (Model, Line("tea")),
    ],
)
def test_what_cannot_be_json_is_refused(form: Any, value: object) -> None:
    with pytest.raises(
        SerializationError, match=r"topic orders: the key, of type .* cannot become JSON: .*; send a"
    ):
        JsonSerde[Any](form).for_field("key").serialize(value, "orders", ())


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(SerializationError, match="recursion"):
        JsonSerde(list).serialize(value, "t", ())


def test_a_type_that_is_no_json_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        JsonSerde(dict[bytes, Line | Order])
