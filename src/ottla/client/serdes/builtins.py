"""Dataclasses, Structs and pydantic models as dicts and back, with what Avro has types for left as it is."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")
_KEPT = (bytes, bytearray, date, datetime, time, Decimal, UUID)


def to_builtins(value: Any) -> Any:  # noqa: ANN401 - any value
    """A value as dicts, lists and scalars. Raises TypeError, ValueError."""
    import msgspec

    if hasattr(value, "model_dump"):
        value = value.model_dump()
    return msgspec.to_builtins(value, builtin_types=_KEPT)


def from_builtins(of: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any type expression
    """What makes values of the type out of dicts, and raises ValueError where they do not fit."""
    import msgspec

    if of in (dict, object):
        return lambda value: value
    if hasattr(of, "__pydantic_validator__"):
        validate: Callable[[Any], Any] = of.model_validate
        return validate
    return lambda value: msgspec.convert(value, of, builtin_types=_KEPT)
