from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType, Optional, Union
from uuid import UUID

import fastavro
import msgspec
import pydantic
import pytest

from ottla.client.serdes.avro_schema import avro_schema_of

CustomerId = NewType("CustomerId", int)


class State(Enum):
    OPEN = "open"
    SHIPPED = "shipped"


class Weird(Enum):
    ONE = "1"


@dataclass
class Line:
    product: str
    count: int = 1


@dataclass
class Order:
    id: UUID
    customer: CustomerId
    first: Line
    at: datetime
    day: date
    hour: time
    raw: bytes
    price: Annotated[float, "euros"]
    paid: bool = False
    state: State = State.OPEN
    lines: list[Line] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    note: str | None = None
    reason: Optional[str] = "none"  # noqa: UP045 - both spellings
    either: Union[int, str] = "x"  # noqa: UP007 - both spellings
    salt: bytes = b"\xff"
    before: Optional["Order"] = None


LINE = {
    "type": "record",
    "name": "Line",
    "fields": [{"name": "product", "type": "string"}, {"name": "count", "type": "long", "default": 1}],
}


def test_a_dataclass_makes_a_record_that_fastavro_takes() -> None:
    schema = avro_schema_of(Order)
    assert schema == {
        "type": "record",
        "name": "Order",
        "fields": [
            {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "customer", "type": "long"},
            {"name": "first", "type": LINE},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "day", "type": {"type": "int", "logicalType": "date"}},
            {"name": "hour", "type": {"type": "long", "logicalType": "time-micros"}},
            {"name": "raw", "type": "bytes"},
            {"name": "price", "type": "double"},
            {"name": "paid", "type": "boolean", "default": False},
            {
                "name": "state",
                "type": {"type": "enum", "name": "State", "symbols": ["open", "shipped"]},
                "default": "open",
            },
            {"name": "lines", "type": {"type": "array", "items": "Line"}, "default": []},
            {"name": "labels", "type": {"type": "map", "values": "long"}, "default": {}},
            {"name": "note", "type": ["null", "string"], "default": None},
            {"name": "reason", "type": ["string", "null"], "default": "none"},
            {"name": "either", "type": ["string", "long"], "default": "x"},
            {"name": "salt", "type": "bytes", "default": "\xff"},
            {"name": "before", "type": ["null", "Order"], "default": None},
        ],
    }
    fastavro.parse_schema(schema)


def test_structs_and_models_do_as_well() -> None:
    class Struct(msgspec.Struct, rename="camel"):
        product_name: str
        count: int = 1
        tags: list[str] = []

    class Model(pydantic.BaseModel):
        product: str
        count: int = 1
        tags: list[str] = pydantic.Field(default_factory=list)

    rest = [
        {"name": "count", "type": "long", "default": 1},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
    ]
    assert avro_schema_of(Struct)["fields"] == [{"name": "productName", "type": "string"}, *rest]
    assert avro_schema_of(Model)["fields"] == [{"name": "product", "type": "string"}, *rest]


def test_a_namespace_is_the_outermost_records() -> None:
    assert avro_schema_of(Line, "shop") == {**LINE, "namespace": "shop"}


@dataclass
class WithDecimal:
    price: Decimal


@dataclass
class WithPairs:
    pairs: list[tuple[int, str]]


@dataclass
class WithIntKeys:
    counts: dict[int, int]


@dataclass
class WithWeirdSymbols:
    state: Weird


@pytest.mark.parametrize("form", [WithDecimal, WithPairs, WithIntKeys, WithWeirdSymbols])
def test_what_avro_does_not_have_is_refused_with_the_field(form: type) -> None:
    [name] = form.__annotations__
    with pytest.raises(TypeError, match=rf"{form.__qualname__}\.{name}"):
        avro_schema_of(form)


@pytest.mark.parametrize("form", [int, State])
def test_a_class_without_fields_is_refused(form: Any) -> None:
    with pytest.raises(TypeError, match="no fields to make an Avro schema of"):
        avro_schema_of(form)
