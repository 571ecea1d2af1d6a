"""Byte for byte and value by value against kafka-python, for the APIs that it has.

It reads what we wrote, must find the same values under the same names, and must write the same bytes.
"""

import importlib
import pkgutil
import uuid
from collections.abc import Iterator
from typing import Any

import kafka.protocol
import pytest
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.data_container import DataContainer

from ottla.wire.fields import Field, fields_of
from ottla.wire.messages.api_versions import ApiVersionsResponse
from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID
from tests.wire.values import Values, every_message, versions_of

ROUNDS = 8
ABSENT = {
    "ConsumerGroupDescribe",
    "ConsumerGroupHeartbeat",
    "CreateDelegationToken",
    "DescribeDelegationToken",
    "ExpireDelegationToken",
    "RenewDelegationToken",
    "UnregisterBroker",
}
"""APIs that kafka-python does not have."""

Tree = Any
"""Nested lists of (name, value)."""


def api_name(cls: type[Message]) -> str:
    return cls.__name__.removesuffix("Request").removesuffix("Response")


def subclasses(cls: Any) -> Iterator[Any]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


@pytest.fixture(scope="module")
def their_classes() -> dict[str, Any]:
    for module in pkgutil.walk_packages(kafka.protocol.__path__, "kafka.protocol."):
        if ".old" not in module.name:
            importlib.import_module(module.name)
    return {cls.__name__: cls for cls in subclasses(ApiMessage)}


def of_theirs(value: Tree, version: int) -> Tree:
    match value:
        case DataContainer():
            present = [field.name for field in value._struct._fields if field.for_version_q(version)]
            return [(name, of_theirs(getattr(value, name), version)) for name in present if is_plain(name)]
        case list():
            return [of_theirs(item, version) for item in value]
        case uuid.UUID():
            return value.bytes
        case memoryview():
            return bytes(value)
    return value


def of_ours(value: Tree, version: int) -> Tree:
    match value:
        case Message():
            present = [
                field for field in fields_of(type(value)) if field.exists(version) and is_plain(field.name)
            ]
            return [
                (field.name, of_ours(sent(field, getattr(value, field.name)), version)) for field in present
            ]
        case list():
            return [of_ours(item, version) for item in value]
    return value


def sent(field: Field, value: object) -> object:
    """A tagged structure or id that is all defaults is not sent, and kafka-python then shows None."""
    is_default = value == (type(value)() if isinstance(value, Message) else ZERO_UUID)
    return None if field.tag is not None and is_default else value


def is_plain(name: str) -> bool:
    """kafka-python turns these bit sets into sets; the bytes are compared all the same."""
    return not name.endswith("authorized_operations")


@pytest.mark.parametrize("cls", [cls for cls in every_message() if api_name(cls) not in ABSENT])
def test_same_bytes_and_same_values(cls: type[Message], their_classes: dict[str, Any]) -> None:
    values = Values(cls.__name__, tame=True)
    for version in list(versions_of(cls)) * ROUNDS:
        message = values.message(cls, version)
        if isinstance(message, ApiVersionsResponse):
            message.error_code = 0  # with an error, kafka-python takes the bytes for v0
        encoded = b"".join(message.encode(version))
        theirs = their_classes[cls.__name__].decode(encoded, version=version)
        theirs._header = None  # its decoder forgets to set this, and its encoder asks for it
        assert of_theirs(theirs, version) == of_ours(message, version)
        assert theirs.encode(version=version) == encoded


def test_only_these_are_absent(their_classes: dict[str, Any]) -> None:
    assert {api_name(cls) for cls in every_message() if cls.__name__ not in their_classes} == ABSENT
