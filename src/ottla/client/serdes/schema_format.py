"""What Avro, Protobuf and JSON Schema have in common, as `RegistrySerde` sees them."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ottla.client.registry.registry import Schema, SchemaReference, SchemaType

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SchemaDraft:
    """A schema to be registered. Those that it needs are registered first, each under its name."""

    text: str
    type: SchemaType
    name: str = ""
    """Of the record (for subjects), or the path by which others import it."""
    references: tuple[SchemaReference, ...] = ()
    needs: tuple["SchemaDraft", ...] = ()


class SchemaFormat(Protocol[T]):
    """How values become the bytes of a schema and come back."""

    schema_type: SchemaType

    @property
    def type_name(self) -> str:
        """Of the values, for messages."""

    @property
    def draft(self) -> SchemaDraft | None:
        """None: what is written has the newest schema of its subject."""

    @property
    def needs_writer(self) -> bool:
        """Whether the schema of the writer must be known to read."""

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """What the methods raise for what is no good."""

    def parsed(self, schema: Schema, references: dict[str, Schema]) -> Any:  # noqa: ANN401 - each format's own
        """The schema as the two below want it; remembered, when it is our own."""

    def encode(self, value: T, schema: Any) -> bytes:  # noqa: ANN401
        """The bytes behind the schema's id."""

    def decode(self, data: bytes, writer: Any) -> T:  # noqa: ANN401
        """The value of the bytes behind the schema's id; `writer` is None where it is not needed."""
