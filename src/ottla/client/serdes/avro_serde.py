"""Avro with a schema registry (needs fastavro)."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, Unpack, cast, overload

from ottla.client.config.extras import require_extra
from ottla.client.registry.registry import Schema, SchemaReference, SchemaRegistry, SchemaType
from ottla.client.serdes.builtins import from_builtins, to_builtins
from ottla.client.serdes.json_serde import name_of, shape_of
from ottla.client.serdes.registry_serde import RegistrySerde, SchemaOptions
from ottla.client.serdes.schema_format import SchemaDraft

T = TypeVar("T")
Parsed = dict[str, Any]
AvroSchema = str | Mapping[str, Any]
"""As JSON, or what JSON gives."""


class AvroOptions(SchemaOptions, total=False):
    """How schemas get into the registry, and which."""

    schema: AvroSchema
    """In place of the one that the type gives."""
    references: Sequence[SchemaReference]
    """To schemas that it names and does not hold."""
    namespace: str
    """Of the schema that the type gives; "" by default."""


@overload
def avro(form: type[T], registry: SchemaRegistry, **options: Unpack[AvroOptions]) -> RegistrySerde[T]: ...
@overload
def avro(
    form: AvroSchema, registry: SchemaRegistry, **options: Unpack[AvroOptions]
) -> RegistrySerde[Any]: ...
def avro(
    form: type[Any] | AvroSchema, registry: SchemaRegistry, **options: Unpack[AvroOptions]
) -> RegistrySerde[Any]:
    """Avro of a dataclass, Struct or pydantic model, whose fields make the schema; or of a schema: then values
    are dicts. `avro(dict, registry)` takes any schema: it writes with the subject's newest, and reads all.

    What others wrote with another version of the schema is resolved to this one by Avro's rules.
    Raises ImportError with the way out when fastavro is missing, TypeError for a type that Avro does not have.
    """
    require_extra("fastavro", "avro")
    given = options.pop("schema", None)
    references = tuple(options.pop("references", ()))
    namespace = options.pop("namespace", "")
    of: type[Any] = form if isinstance(form, type) else dict
    if given is None and not isinstance(form, type):
        given = form
    if given is None and of is not dict:
        from ottla.client.serdes.avro_schema import avro_schema_of

        given = avro_schema_of(of, namespace)
    return RegistrySerde(
        AvroFormat(of, given, references), registry, "value", **cast("SchemaOptions", options)
    )


class AvroFormat(Generic[T]):
    """Values of a type in Avro's binary encoding."""

    schema_type: SchemaType = "AVRO"
    needs_writer = True

    def __init__(
        self, of: type[T], schema: AvroSchema | None, references: tuple[SchemaReference, ...]
    ) -> None:
        from fastavro.read import SchemaResolutionError
        from fastavro.schema import SchemaParseException, UnknownType

        self.refusals: tuple[type[Exception], ...] = (
            *(SchemaResolutionError, SchemaParseException, UnknownType, EOFError, OverflowError),
            *(ValueError, TypeError, LookupError, AttributeError, RecursionError),
        )
        self._of = of
        self._shape = shape_of(of)
        text = schema if isinstance(schema, str) else json.dumps(schema)
        self.draft = None if schema is None else SchemaDraft(text, "AVRO", _full_name(text), references)
        self.type_name = _full_name(text) or name_of(of)
        self._reader: Parsed | None = None
        self._convert: Callable[[Any], T] = from_builtins(of)

    def parsed(self, schema: Schema, references: dict[str, Schema]) -> Parsed:
        """The schema with all its names; our own is what readers get."""
        from fastavro import parse_schema

        names: dict[str, Any] = {}
        for each in references.values():
            parse_schema(json.loads(each.text), named_schemas=names)
        parsed = cast("Parsed", parse_schema(_loaded(schema.text), named_schemas=names))
        if self.draft is not None and schema.text == self.draft.text:
            self._reader = parsed
        return parsed

    def encode(self, value: T, schema: Parsed) -> bytes:
        """Avro, without a header."""
        from fastavro import schemaless_writer

        if not isinstance(value, self._shape) and self._shape is not dict:
            raise TypeError(f"not of type {name_of(self._of)}")
        output = io.BytesIO()
        schemaless_writer(output, schema, to_builtins(value))
        return output.getvalue()

    def decode(self, data: bytes, writer: Parsed) -> T:
        """What was written, resolved to our schema."""
        from fastavro import schemaless_reader

        source = io.BytesIO(data)
        value = schemaless_reader(source, writer, self._reader_schema())
        if source.tell() != len(data):
            raise ValueError(f"{len(data) - source.tell()} bytes are left over")
        return self._convert(value)

    def _reader_schema(self) -> Parsed | None:
        if self._reader is None and self.draft is not None and not self.draft.references:
            self._reader = self.parsed(Schema(self.draft.text), {})
        return self._reader


def _loaded(text: str) -> Any:  # noqa: ANN401 - JSON
    """A registry may keep the name of a primitive type without quotes."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _full_name(text: str) -> str:
    loaded = _loaded(text)
    if not isinstance(loaded, dict) or "name" not in loaded:
        return ""
    name, namespace = str(loaded["name"]), str(loaded.get("namespace") or "")
    return f"{namespace}.{name}" if namespace and "." not in name else name
