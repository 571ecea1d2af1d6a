"""Byte for byte and value by value against kio, which has every API and version that we have.

kio reads what we wrote, must find the same values under the same names, and must write the same bytes.
"""

import dataclasses
import datetime as dt
import enum
import io
import uuid
from typing import Any

import pytest
from kio.index import load_request_schema, load_response_schema
from kio.serial import entity_reader, entity_writer

from ottla.wire.fields import fields_of
from ottla.wire.registry import api_named
from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID
from tests.wire.values import Values, every_message, versions_of

ROUNDS = 8
Tree = Any
"""Nested lists of (name, value); kio drops the `_ms` from names, because its values are time spans."""


def of_kio(value: Tree) -> Tree:
    if isinstance(value, tuple):
        return [of_kio(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return plain(value)
    names = [field.name for field in dataclasses.fields(value)]
    return [(name.removesuffix("_ms"), of_kio(getattr(value, name))) for name in names]


def plain(value: object) -> object:
    """One of kio's values as the number or the bytes that it stands for."""
    match value:
        case dt.timedelta():
            return value // dt.timedelta(milliseconds=1)
        case dt.datetime():
            return round(value.timestamp() * 1000)
        case uuid.UUID():
            return value.bytes
        case enum.IntEnum():
            return int(value)
    return value


def of_ours(value: Tree, version: int) -> Tree:
    match value:
        case Message():
            present = [field.name for field in fields_of(type(value)) if field.exists(version)]
            return [(name.removesuffix("_ms"), of_ours(getattr(value, name), version)) for name in present]
        case list():
            return [of_ours(item, version) for item in value]
        case bytes() if value == ZERO_UUID:
            return None
    return value


@pytest.mark.parametrize("cls", every_message())
def test_same_bytes_and_same_values(cls: type[Message]) -> None:
    api = api_named(cls.__name__.removesuffix("Request").removesuffix("Response"))
    load: Any = load_request_schema if cls is api.request else load_response_schema
    values = Values(cls.__name__, tame=True)
    for version in versions_of(cls):
        schema = load(api.key, version)
        for _ in range(ROUNDS):
            agree(values.message(cls, version), version, schema)


def agree(message: Message, version: int, schema: Any) -> None:
    encoded = b"".join(message.encode(version))
    theirs, size = entity_reader(schema)(encoded, 0)
    assert size == len(encoded)
    assert of_kio(theirs) == of_ours(message, version)
    out = io.BytesIO()
    entity_writer(schema)(out, theirs)
    assert out.getvalue() == encoded
    assert message.decode(out.getvalue(), version) == (message, size)
