"""Every class against Apache Kafka's definition: nothing missing, nothing more, nothing different."""

import importlib
import inspect
from typing import Any

import pytest

from ottla.wire.fields import Array, Field, fields_of
from ottla.wire.registry import Api, all_apis, snake_case
from ottla.wire.schema import Message, MessageType
from ottla.wire.source import smallest_size
from ottla.wire.types import Fresh, Kind
from tests.wire import definitions
from tests.wire.definitions import Definition, definition, structures, valid_versions, versions

needs_definitions = pytest.mark.skipif(
    not definitions.DIRECTORY.is_dir(), reason="Apache Kafka's definitions are not beside the repository"
)
apis = pytest.mark.parametrize("api", all_apis(), ids=lambda api: api.name)
sides = pytest.mark.parametrize("side", ["Request", "Response"])

RENAMED = {(49, "EntryData"), (55, "TopicData"), (55, "PartitionData")}
"""Structures of which request and response each have their own: the side's name stands before them."""


def class_name(api: Api, side: str, name: str) -> str:
    return side + name if (api.key, name) in RENAMED else name


def message_class(api: Api, side: str) -> MessageType:
    return api.request if side == "Request" else api.response


@needs_definitions
@apis
@sides
def test_versions(api: Api, side: str) -> None:
    loaded = definition(api.name + side)
    cls = message_class(api, side)
    among = valid_versions(loaded)
    assert loaded["apiKey"] == api.key
    assert cls.__versions__ == (among[0], among[-1])
    flexible = {v for v in among if cls.__flexible_from__ is not None and v >= cls.__flexible_from__}
    assert flexible == versions(loaded["flexibleVersions"], among)
    assert flexible == {v for v in among if api.request_header_version(v) == 2}
    unstable = definition(f"{api.name}Request").get("latestVersionUnstable", False)
    assert (api.min_version, api.max_version) == (among[0], among[-1] - unstable)


@needs_definitions
@apis
@sides
def test_fields(api: Api, side: str) -> None:
    loaded = definition(api.name + side)
    Comparison(api, side, loaded).structure(
        message_class(api, side), loaded["name"], set(valid_versions(loaded))
    )


@needs_definitions
@apis
def test_the_module_holds_exactly_the_defined_structures(api: Api) -> None:
    module = importlib.import_module(f"ottla.wire.messages.{snake_case(api.name)}")
    held = {
        name
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and thing.__module__ == module.__name__
    }
    expected = {
        class_name(api, side, name)
        for side in ("Request", "Response")
        for name in structures(definition(api.name + side))
    }
    assert held == expected


class Comparison:
    """Walks one message's definition beside its class."""

    def __init__(self, api: Api, side: str, loaded: Definition) -> None:
        self.api = api
        self.side = side
        self.structures = structures(loaded)
        self.flexible = versions(loaded["flexibleVersions"], valid_versions(loaded))

    def structure(self, cls: MessageType, name: str, among: set[int]) -> None:
        """`among` are the versions in which the structure occurs."""
        assert cls.__name__ == class_name(self.api, self.side, name)
        expected = self.structures[name]
        fields = fields_of(cls)
        assert [field.name for field in fields] == [definitions.snake_case(item["name"]) for item in expected]
        for field, item in zip(fields, expected, strict=True):
            self.field(cls, field, item, among)

    def field(self, cls: MessageType, field: Field, item: Definition, among: set[int]) -> None:
        where = f"{cls.__name__}.{field.name}"
        span = range(min(among), max(among) + 1)
        exists = versions(item["versions"], span) & among
        assert {v for v in among if field.exists(v)} == exists, where
        nullable = versions(item.get("nullableVersions"), span)
        assert {v for v in exists if field.may_be_null(v)} == nullable & exists, where
        assert field.tag == item.get("tag"), where
        if field.tag is not None:
            assert versions(item["taggedVersions"], span) == exists <= self.flexible, where
        if exists != among:
            assert field.ignorable == item.get("ignorable", False), where
        self.type(field, item, exists, where)

    def type(self, field: Field, item: Definition, exists: set[int], where: str) -> None:
        wire_type: Any = field.type
        name = item["type"]
        if name.startswith("[]"):
            assert isinstance(wire_type, Array), where
            wire_type, name = wire_type.element, name.removeprefix("[]")
        expected_default = definitions.default(item)
        if isinstance(wire_type, Kind):
            assert wire_type.name == name, where
            assert (field.default, type(field.default)) == (expected_default, type(expected_default)), where
            return
        self.structure(wire_type, name, exists)
        if expected_default == "a structure":
            assert isinstance(field.default, Fresh), where
        else:
            assert field.default == expected_default, where


@apis
@sides
def test_no_element_of_a_list_takes_no_bytes(api: Api, side: str) -> None:
    """Else a few bytes could ask for a million objects."""
    cls = message_class(api, side)
    assert cls.__versions__ is not None
    first, last = cls.__versions__
    for version in range(first, last + 1):
        flexible = cls.__flexible_from__ is not None and version >= cls.__flexible_from__
        for element in array_elements(cls, version):
            assert smallest_size(element, version, flexible=flexible) > 0


def array_elements(cls: MessageType, version: int) -> list[Any]:
    found: list[Any] = []
    for field in fields_of(cls):
        if field.exists(version):
            element = field.type.element if isinstance(field.type, Array) else None
            found += [] if element is None else [element]
            inner = element or field.type
            found += array_elements(inner, version) if isinstance(inner, MessageType) else []
    return found


def test_every_message_is_a_message() -> None:
    for api in all_apis():
        assert issubclass(api.request, Message)
        assert issubclass(api.response, Message)
