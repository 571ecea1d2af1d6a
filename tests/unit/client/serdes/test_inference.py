from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest

from ottla.client import serdes
from ottla.client.serdes import serde_of
from ottla.client.serdes.serde import Field, Headers
from ottla.client.topic import Topic


@dataclass
class Order:
    id: str


class Struct(msgspec.Struct):
    id: str


class Model(pydantic.BaseModel):
    id: str


class Typed(TypedDict):
    id: str


class Upper:
    """A serde of somebody's own, which does not care about its side."""

    def serialize(self, value: str | None, topic: str, headers: Headers, /) -> bytes | None:
        return None if value is None else value.upper().encode()

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> str | None:
        return None if data is None else data.decode().lower()


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (str, serdes.StringSerde),
        (int, serdes.LongSerde),
        (float, serdes.DoubleSerde),
        (bool, serdes.BooleanSerde),
        (UUID, serdes.UUIDSerde),
        (type(None), serdes.VoidSerde),
        *[(each, serdes.JsonSerde) for each in (Order, Struct, Model, Typed, dict, list)],
        *[(each, serdes.JsonSerde) for each in (dict[str, int], list[Order], tuple[int, ...])],
    ],
)
def test_each_type_has_its_serde(form: Any, kind: type) -> None:
    assert type(serde_of(form)) is kind


def test_bytes_need_no_work() -> None:
    assert serde_of(bytes) is None
    topic = Topic("clicks")
    assert (topic.key_serde, topic.value_serde) == (None, None)


def test_a_serde_stands_for_itself() -> None:
    upper = Upper()
    assert serde_of(upper) is upper
    assert Topic("t", value=upper).value_serde is upper


@pytest.mark.parametrize("form", [object, complex, Upper, "str", 7, memoryview])
def test_what_has_no_serde_is_refused_with_the_ways_out(form: Any) -> None:
    with pytest.raises(TypeError, match=r"no serde is known for .*: use bytes, str, .* or give a serde"):
        serde_of(form)


def test_a_topics_serdes_know_their_side() -> None:
    topic = Topic("orders", key=str, value=Order)
    sides: list[tuple[Any, Field]] = [(topic.key_serde, "key"), (topic.value_serde, "value")]
    assert [(serde.field, side) for serde, side in sides] == [("key", "key"), ("value", "value")]
    assert topic.key_serde
    with pytest.raises(serdes.SerializationError, match="topic orders: the key"):
        topic.key_serde.serialize(7, topic.name, ())  # type: ignore[arg-type]


def test_a_topic_shows_what_it_holds() -> None:
    assert repr(Topic("orders", key=str)) == "Topic('orders', key=StringSerde(field='key'), value=None)"
