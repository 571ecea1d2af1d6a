"""The Avro schema of a Python class.

int is long, float double, datetime timestamp-micros, date date, time time-micros, UUID a string with that logical
type, list and tuple[X, ...] an array, dict[str, X] a map, X | None a union, an Enum of strings an enum. A field's
default is one in the schema as well, so that readers of older records have it.
"""

import dataclasses
import types
import typing
from datetime import date, datetime, time
from enum import Enum
from typing import Any, NamedTuple, Union
from uuid import UUID

_SCALARS: dict[Any, Any] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null",
    UUID: {"type": "string", "logicalType": "uuid"},
    date: {"type": "int", "logicalType": "date"},
    datetime: {"type": "long", "logicalType": "timestamp-micros"},
    time: {"type": "long", "logicalType": "time-micros"},
}
_JSON_TYPES: dict[type, tuple[str, ...]] = {
    type(None): ("null",),
    bool: ("boolean",),
    int: ("long",),
    float: ("double",),
    str: ("string", "enum", "bytes"),
    list: ("array",),
    dict: ("map",),
}
_NO_DEFAULT = object()


class ClassField(NamedTuple):
    """One field of a dataclass, Struct or pydantic model."""

    name: str
    type: Any
    default: Any = _NO_DEFAULT


def avro_schema_of(of: type, namespace: str = "") -> dict[str, Any]:
    """The schema of a dataclass, Struct or pydantic model. Raises TypeError for what Avro does not have."""
    schema = _schema_of(of, of.__qualname__, {})
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise TypeError(f"{of.__qualname__} has no fields to make an Avro schema of: give one (schema=…)")
    return (
        {"type": "record", "name": schema["name"], "namespace": namespace, **schema} if namespace else schema
    )


def _schema_of(of: Any, place: str, seen: dict[type, str]) -> Any:  # noqa: ANN401 - a type, and JSON
    if of in _SCALARS:
        return _SCALARS[of]
    if hasattr(of, "__supertype__"):
        return _schema_of(of.__supertype__, place, seen)
    if typing.get_origin(of) is typing.Annotated:
        return _schema_of(typing.get_args(of)[0], place, seen)
    schema = _generic_schema_of(of, place, seen)
    if schema is None and isinstance(of, type):
        schema = _named_schema_of(of, place, seen)
    if schema is None:
        raise TypeError(f"{place}: Avro has no type for {of!r}: give the schema by hand (schema=…)")
    return schema


def _generic_schema_of(of: Any, place: str, seen: dict[type, str]) -> Any:  # noqa: ANN401 - a type, and JSON
    origin, arguments = typing.get_origin(of), typing.get_args(of)
    if origin in (Union, types.UnionType):
        return [_schema_of(each, place, seen) for each in arguments]
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return {"type": "array", "items": _schema_of(arguments[0], place, seen)}
    if origin is dict and arguments[0] is str:
        return {"type": "map", "values": _schema_of(arguments[1], place, seen)}
    return None


def _named_schema_of(of: type, place: str, seen: dict[type, str]) -> Any:  # noqa: ANN401 - JSON
    if of in seen:
        return seen[of]
    if issubclass(of, Enum):
        seen[of] = of.__name__
        return {"type": "enum", "name": of.__name__, "symbols": _symbols(of, place)}
    fields = _fields_of(of)
    if fields is None:
        return None
    seen[of] = of.__name__
    return {"type": "record", "name": of.__name__, "fields": [_field(each, of, seen) for each in fields]}


def _symbols(of: type[Enum], place: str) -> list[str]:
    symbols = [member.value for member in of]
    if not all(isinstance(each, str) and each.isidentifier() and each.isascii() for each in symbols):
        raise TypeError(
            f"{place}: the values of {of.__name__} must be ASCII names to be symbols in Avro: {symbols}"
        )
    return symbols


def _field(field: ClassField, of: type, seen: dict[type, str]) -> dict[str, Any]:
    schema = _schema_of(field.type, f"{of.__qualname__}.{field.name}", seen)
    default = _json_default(field.default)
    if default is _NO_DEFAULT:
        return {"name": field.name, "type": schema}
    if isinstance(schema, list):  # a union's default is of its first type
        schema = sorted(schema, key=lambda branch: not _fits(branch, default))
    return {"name": field.name, "type": schema, "default": default}


def _fits(branch: Any, default: Any) -> bool:  # noqa: ANN401 - JSON
    kind = branch["type"] if isinstance(branch, dict) else branch
    return kind in _JSON_TYPES[type(default)]


def _json_default(default: Any) -> Any:  # noqa: ANN401 - any value
    if isinstance(default, Enum):
        return default.value
    if isinstance(default, bytes):
        return default.decode("latin-1")  # as Avro writes bytes in JSON
    simple = default is None or isinstance(default, bool | int | float | str)
    return default if simple or default in ([], {}) else _NO_DEFAULT


def _fields_of(of: Any) -> list[ClassField] | None:  # noqa: ANN401 - any class
    if hasattr(of, "__pydantic_validator__"):
        return [_of_pydantic(name, field) for name, field in of.model_fields.items()]
    if hasattr(of, "__struct_fields__"):
        return _of_struct(of)
    if not dataclasses.is_dataclass(of):
        return None
    hints = typing.get_type_hints(of, include_extras=True)
    return [
        ClassField(
            each.name, hints[each.name], _default(each.default, each.default_factory, dataclasses.MISSING)
        )
        for each in dataclasses.fields(of)
    ]


def _of_struct(of: Any) -> list[ClassField]:  # noqa: ANN401 - msgspec is not imported here
    import msgspec

    return [
        ClassField(
            each.encode_name, each.type, _default(each.default, each.default_factory, msgspec.NODEFAULT)
        )
        for each in msgspec.structs.fields(of)
    ]


def _of_pydantic(name: str, field: Any) -> ClassField:  # noqa: ANN401 - pydantic is not imported here
    if field.is_required():
        return ClassField(name, field.annotation)
    return ClassField(name, field.annotation, field.get_default(call_default_factory=True))


def _default(default: Any, factory: Any, missing: object) -> Any:  # noqa: ANN401 - any value
    if default is not missing:
        return default
    return factory() if factory is not missing else _NO_DEFAULT
