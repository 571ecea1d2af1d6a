"""Values as JSON."""

import typing
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from ottla.client.serdes.errors import SerializationError
from ottla.client.serdes.serde import Field, Headers

T = TypeVar("T")


class JsonCodec(NamedTuple, Generic[T]):
    """How a type becomes JSON and comes back; `refusals` are what the two raise for what is no good."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    refusals: tuple[type[Exception], ...]


class JsonSerde(Generic[T]):
    """JSON in UTF-8 of a dataclass, msgspec Struct, pydantic model, TypedDict, dict, list or any union of them.

    What comes is checked against the type: a missing field or a wrong type is a SerializationError. Fields that
    the type does not have are passed over, so that writers may add some.
    """

    __slots__ = ("_codec", "_shape", "field", "form")

    def __init__(self, form: type[T], field: Field = "value") -> None:
        """Raises TypeError for a type that cannot be JSON."""
        self.form = form
        self.field = field
        self._codec = json_codec(form)
        self._shape = shape_of(form)

    def __repr__(self) -> str:
        return f"JsonSerde({self.form!r})"

    def for_field(self, field: Field) -> "JsonSerde[T]":
        """The same for keys or for values."""
        return self if field == self.field else JsonSerde(self.form, field)

    def serialize(self, value: T | None, topic: str, headers: Headers, /) -> bytes | None:  # noqa: ARG002
        """The bytes to send. Raises SerializationError."""
        if value is None:
            return None
        try:
            if not isinstance(value, self._shape):
                raise TypeError(f"not of type {name_of(self.form)}")
            return self._codec.encode(value)
        except self._codec.refusals as error:
            message = (
                f"topic {topic}: the {self.field}, of type {type(value).__qualname__}, cannot become JSON: {error}; "
                f"send a {name_of(self.form)} whose fields are all JSON, or give the topic another {self.field} type"
            )
            raise SerializationError(message, topic=topic, field=self.field) from error

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> T | None:  # noqa: ARG002
        """The value of bytes that came. Raises SerializationError."""
        if data is None:
            return None
        try:
            return self._codec.decode(data)
        except self._codec.refusals as error:
            message = (
                f"topic {topic}: the {self.field} {bytes(data[:80])!r} ({len(data)} bytes) is no JSON of "
                f"{name_of(self.form)}: {error}; make the type fit what was sent, or read bytes"
            )
            raise SerializationError(message, topic=topic, field=self.field) from error


def json_codec(of: type[T]) -> JsonCodec[T]:
    """The codec of a type: pydantic's for its models, msgspec's for everything else."""
    return _pydantic_codec(of) if hasattr(of, "__pydantic_validator__") else _msgspec_codec(of)


def shape_of(of: Any) -> type:  # noqa: ANN401 - any type expression
    """The class of which a value must be; object where a type expression has none."""
    shape = of if isinstance(of, type) else getattr(of, "__origin__", object)
    if not isinstance(shape, type):
        return object
    return dict if typing.is_typeddict(shape) else shape


def name_of(of: Any) -> str:  # noqa: ANN401 - any type expression
    """As one would write it."""
    return of.__qualname__ if isinstance(of, type) and not hasattr(of, "__args__") else str(of)


def _msgspec_codec(of: type[T]) -> JsonCodec[T]:
    import msgspec

    refusals = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
    return JsonCodec(msgspec.json.Encoder().encode, msgspec.json.Decoder(of).decode, refusals)


def _pydantic_codec(of: Any) -> JsonCodec[Any]:  # noqa: ANN401 - pydantic is not imported here
    def encode(value: Any) -> bytes:  # noqa: ANN401
        return str.encode(value.model_dump_json())

    return JsonCodec(encode, of.model_validate_json, (ValueError, TypeError, AttributeError, RecursionError))
