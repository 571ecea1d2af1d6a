"""JSON that a JSON Schema describes, with a schema registry (needs jsonschema)."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, cast, overload

from ottla.client.config.extras import require_extra
from ottla.client.registry.registry import Schema, SchemaReference, SchemaRegistry, SchemaType
from ottla.client.serdes.json_serde import json_codec, name_of, shape_of
from ottla.client.serdes.registry_serde import RegistrySerde, SchemaOptions
from ottla.client.serdes.schema_format import SchemaDraft

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

T = TypeVar("T")
JsonSchema = str | Mapping[str, Any]
"""As JSON, or what JSON gives."""


class JsonSchemaOptions(SchemaOptions, total=False):
    """How schemas get into the registry, and which."""

    schema: JsonSchema
    """In place of the one that the type gives."""
    references: Sequence[SchemaReference]
    """To schemas that its $refs name and that it does not hold."""
    validate: bool
    """True (default): values are checked against the schema when they are written and read."""


@overload
def json_schema(
    form: type[T], registry: SchemaRegistry, **options: Unpack[JsonSchemaOptions]
) -> RegistrySerde[T]: ...
@overload
def json_schema(
    form: JsonSchema, registry: SchemaRegistry, **options: Unpack[JsonSchemaOptions]
) -> RegistrySerde[Any]: ...
def json_schema(
    form: type[Any] | JsonSchema, registry: SchemaRegistry, **options: Unpack[JsonSchemaOptions]
) -> RegistrySerde[Any]:
    """JSON of a dataclass, Struct, pydantic model or TypedDict, whose fields make the schema; or of a schema: then
    values are dicts. `json_schema(dict, registry)` takes any schema: it writes with the subject's newest.

    Raises ImportError with the way out when jsonschema is missing, TypeError for a type that JSON does not have.
    """
    require_extra("jsonschema", "jsonschema")
    given = options.pop("schema", None)
    references = tuple(options.pop("references", ()))
    validate = options.pop("validate", True)
    of: type[Any] = cast("type[Any]", dict) if isinstance(form, str | Mapping) else form
    if given is None and of is not dict:
        given = _schema_of(of)
    elif given is None and isinstance(form, str | Mapping):
        given = form
    text = given if isinstance(given, str) or given is None else json.dumps(given)
    made = JsonSchemaFormat(of, text, references, validate=validate)
    return RegistrySerde(made, registry, "value", **cast("SchemaOptions", options))


class JsonSchemaFormat(Generic[T]):
    """Values of a type as JSON."""

    schema_type: SchemaType = "JSON"

    def __init__(
        self, of: type[T], schema: str | None, references: tuple[SchemaReference, ...], *, validate: bool
    ) -> None:
        from jsonschema.exceptions import SchemaError, ValidationError
        from referencing.exceptions import Unresolvable

        self._codec = json_codec(cast("type[T]", Any) if of is dict else of)
        self.refusals: tuple[type[Exception], ...] = (
            *(ValidationError, SchemaError, Unresolvable, LookupError),
            *self._codec.refusals,
        )
        self._of = of
        self._shape = shape_of(of)
        self._validate = validate
        title = "" if schema is None else str(json.loads(schema).get("title") or "")
        self.type_name = title or name_of(of)
        self.draft = None if schema is None else SchemaDraft(schema, "JSON", title, references)
        self.needs_writer = validate and (schema is None or bool(references))
        self._own: Validator | None = None

    def parsed(self, schema: Schema, references: dict[str, Schema]) -> "Validator | None":
        """What checks values."""
        if not self._validate:
            return None
        validator = _validator(schema.text, references)
        if self.draft is not None and schema.text == self.draft.text:
            self._own = validator
        return validator

    def encode(self, value: T, schema: "Validator | None") -> bytes:
        """JSON that the schema allows."""
        if not isinstance(value, self._shape) and self._shape is not dict:
            raise TypeError(f"not of type {name_of(self._of)}")
        encoded = self._codec.encode(value)
        if schema is not None:
            _check(schema, encoded)
        return encoded

    def decode(self, data: bytes, writer: "Validator | None") -> T:
        """A value of JSON that our schema allows; the writer's, where we have none."""
        validator = self._own_validator() or writer
        if validator is not None:
            _check(validator, data)
        return self._codec.decode(data)

    def _own_validator(self) -> "Validator | None":
        if self._own is None and self.draft is not None and not self.draft.references:
            self.parsed(Schema(self.draft.text, "JSON"), {})
        return self._own


def _check(validator: "Validator", data: bytes) -> None:
    problem = next(validator.iter_errors(json.loads(data)), None)
    if problem is not None:
        raise ValueError(f"{problem.json_path}: {problem.message}")


def _schema_of(of: Any) -> dict[str, Any]:  # noqa: ANN401 - any type expression
    """Raises TypeError."""
    if hasattr(of, "__pydantic_validator__"):
        schema: dict[str, Any] = of.model_json_schema()
    else:
        import msgspec

        schema = msgspec.json.schema(of)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name_of(of)}
    return {**draft, **schema}


def _validator(text: str, references: dict[str, Schema]) -> "Validator":
    from jsonschema.validators import Draft7Validator, validator_for
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    loaded = json.loads(text)
    kind = validator_for(loaded, default=Draft7Validator)
    kind.check_schema(loaded)
    resources = [
        (name, Resource.from_contents(json.loads(each.text), default_specification=DRAFT7))
        for name, each in references.items()
    ]
    registry: Any = Registry().with_resources(resources)
    made: Validator = kind(loaded, registry=registry)
    return made
