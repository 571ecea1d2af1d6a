"""Protobuf with a schema registry (needs protobuf)."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from ottla.client.config.extras import require_extra
from ottla.client.registry.registry import Schema, SchemaRegistry, SchemaType
from ottla.client.serdes.framing import indexes_of, split_indexes
from ottla.client.serdes.registry_serde import RegistrySerde, SchemaOptions
from ottla.client.serdes.schema_format import SchemaDraft

if TYPE_CHECKING:
    from google.protobuf.message import Message

T = TypeVar("T", bound="Message")
_WELL_KNOWN = ("google/protobuf/", "google/type/", "confluent/")
"""Files that every registry has."""


def protobuf(form: type[T], registry: SchemaRegistry, **options: Unpack[SchemaOptions]) -> RegistrySerde[T]:
    """Protobuf messages of a class that protoc made; the files that its file imports are registered as well.

    Raises ImportError with the way out when protobuf is missing, TypeError for a class that is no message.
    """
    require_extra("google.protobuf", "protobuf")
    return RegistrySerde(ProtobufFormat(form), registry, "value", **options)


class ProtobufFormat(Generic[T]):
    """Messages of one class. Any version of its schema can be read: Protobuf keeps what it does not know."""

    schema_type: SchemaType = "PROTOBUF"
    needs_writer = False

    def __init__(self, of: type[T]) -> None:
        from google.protobuf.message import DecodeError, EncodeError, Message

        if not (isinstance(of, type) and issubclass(of, Message)):
            raise TypeError(f"{of!r} is no message class of Protobuf")
        self.refusals: tuple[type[Exception], ...] = (DecodeError, EncodeError, ValueError, TypeError)
        self._of = of
        self.type_name: str = of.DESCRIPTOR.full_name
        self.draft = _draft(of.DESCRIPTOR.file, self.type_name)
        self._path = _path(of.DESCRIPTOR)
        self._indexes = indexes_of(self._path)

    def parsed(self, schema: Schema, references: dict[str, Schema]) -> None:
        """Nothing: the class knows how to read and write."""

    def encode(self, value: T, schema: object) -> bytes:  # noqa: ARG002
        """Message indexes and message."""
        if not isinstance(value, self._of):
            raise TypeError(f"not of type {self.type_name}")
        return self._indexes + value.SerializeToString()

    def decode(self, data: bytes, writer: object) -> T:  # noqa: ARG002
        """The message behind the indexes."""
        path, content = split_indexes(data)
        if path != self._path:
            raise ValueError(
                f"it is the message at {list(path)} in its file, and {self.type_name} is at {list(self._path)}"
            )
        return self._of.FromString(content)


def _draft(file: Any, name: str) -> SchemaDraft:  # noqa: ANN401 - a FileDescriptor of either backend
    needs = [each for each in file.dependencies if not each.name.startswith(_WELL_KNOWN)]
    text = b64encode(file.serialized_pb).decode()
    return SchemaDraft(text, "PROTOBUF", name, needs=tuple(_draft(each, each.name) for each in needs))


def _path(descriptor: Any) -> tuple[int, ...]:  # noqa: ANN401 - a Descriptor of either backend
    outer = descriptor.containing_type
    siblings = outer.nested_types if outer else list(descriptor.file.message_types_by_name.values())
    place = [each.name for each in siblings].index(descriptor.name)
    return (*_path(outer), place) if outer else (place,)
