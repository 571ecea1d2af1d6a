"""Which serde a type stands for."""

import dataclasses
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

from ottla.client.serdes.primitives import (
    BooleanSerde,
    DoubleSerde,
    LongSerde,
    PrimitiveSerde,
    StringSerde,
    UUIDSerde,
    VoidSerde,
)
from ottla.client.serdes.serde import Serde

T = TypeVar("T")

Form: TypeAlias = type[T] | Serde[T]
"""What a key or value looks like: a type, or a serde of one's own."""

_PRIMITIVES: dict[type, type[PrimitiveSerde[Any]]] = {
    bool: BooleanSerde,
    float: DoubleSerde,
    int: LongSerde,
    str: StringSerde,
    UUID: UUIDSerde,
    type(None): VoidSerde,
}
_JSON_TYPES = (dict, list, tuple, set, frozenset)


def serde_of(form: Form[T]) -> Serde[T] | None:
    """The serde that a type stands for; None for bytes, which need no work.

    str is UTF-8, int 8 bytes and float 8 bytes big-endian (Java's Long and Double), bool one byte, UUID its
    text, NoneType null; dataclasses, msgspec Structs, pydantic models, TypedDicts, dicts and lists are JSON.
    Raises TypeError for anything else.
    """
    if form is bytes:
        return None
    if isinstance(form, type) and form in _PRIMITIVES:
        return cast("Serde[T]", _PRIMITIVES[form]())
    if _is_json(form):
        from ottla.client.serdes.json_serde import JsonSerde

        return JsonSerde(cast("type[T]", form))
    if not isinstance(form, type) and isinstance(form, Serde):
        return form
    raise TypeError(_advice(form))


def _is_json(form: object) -> bool:
    shape = getattr(form, "__origin__", form)
    if not isinstance(shape, type):
        return False
    has_fields = dataclasses.is_dataclass(shape) or hasattr(shape, "__struct_fields__")
    is_typed_dict = hasattr(shape, "__total__") and issubclass(shape, dict)
    is_pydantic = hasattr(shape, "__pydantic_validator__")
    return has_fields or is_typed_dict or is_pydantic or issubclass(shape, _JSON_TYPES)


def _advice(form: object) -> str:
    name = getattr(form, "__qualname__", None) or repr(form)
    return (
        f"no serde is known for {name}: use bytes, str, int, float, bool, UUID, a dataclass, a msgspec Struct, a "
        "pydantic model, dict or list, or give a serde (serdes.JsonSerde, serdes.avro, serdes.protobuf, "
        "serdes.json_schema, or an object with serialize and deserialize)"
    )
