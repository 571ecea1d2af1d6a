"""A serde whose schemas are kept in a registry, whatever their format."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar, Unpack

from ottla.client.registry.registry import Schema, SchemaReference, SchemaRegistry, SchemaRegistryError
from ottla.client.serdes.errors import SerializationError
from ottla.client.serdes.framing import prefix_of, split
from ottla.client.serdes.schema_format import SchemaDraft, SchemaFormat
from ottla.client.serdes.serde import Field, Headers
from ottla.client.serdes.shared_questions import SharedQuestions
from ottla.client.serdes.subjects import SubjectNameStrategy, subject_name

T = TypeVar("T")
R = TypeVar("R")


class SchemaOptions(TypedDict, total=False):
    """How schemas get into the registry."""

    auto_register: bool
    """True (default): the schema becomes a version of its subject. False: it must be there."""
    use_latest_version: bool
    """False by default. True: values are written with the subject's newest schema, whatever their type's is."""
    normalize: bool
    """False by default. True: the registry tidies the schema up before it compares it with others."""
    subject_name_strategy: SubjectNameStrategy
    """"topic" by default."""


class _Writer(NamedTuple):
    """What a topic's values are written with."""

    prefix: bytes
    schema: Any


class RegistrySerde(Generic[T]):
    """Made by `serdes.avro`, `serdes.protobuf` and `serdes.json_schema`.

    A registry is asked once for each topic to write and once for each schema to read. Clients do so ahead, with
    `prepare` and `prepare_for`; otherwise `serialize` and `deserialize` wait for it.
    """

    def __init__(
        self,
        form: SchemaFormat[T],
        registry: SchemaRegistry,
        field: Field = "value",
        **options: Unpack[SchemaOptions],
    ) -> None:
        unknown = sorted(set(options) - set(SchemaOptions.__annotations__))
        if unknown:
            raise TypeError(f"no option of a serde with a registry: {', '.join(unknown)}")
        self.registry = registry
        self.field = field
        self._form = form
        self._options = options
        self._writers: dict[str, _Writer] = {}
        self._readers: dict[int | str, Any] = {}
        self._questions = SharedQuestions()

    def __repr__(self) -> str:
        return f"{type(self._form).__name__}({self._form.type_name}, {self.registry!r})"

    def for_field(self, field: Field) -> "RegistrySerde[T]":
        """The same for keys or for values."""
        if field == self.field:
            return self
        return RegistrySerde(self._form, self.registry, field, **self._options)

    def serialize(self, value: T | None, topic: str, headers: Headers, /) -> bytes | None:  # noqa: ARG002
        """The bytes to send. Raises SerializationError; SchemaRegistryError when the registry has to be asked."""
        if value is None:
            return None
        if topic not in self._writers:
            _wait(self.prepare(topic))
        writer = self._writers[topic]
        try:
            return writer.prefix + self._form.encode(value, writer.schema)
        except self._form.refusals as error:
            message = (
                f"topic {topic}: the {self.field}, of type {type(value).__qualname__}, does not fit the schema of "
                f"{self._form.type_name}: {error}"
            )
            advice = "send one that does, or register a schema that it fits"
            raise SerializationError(message, topic=topic, field=self.field, advice=advice) from error

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> T | None:
        """The value of bytes that came. Raises SerializationError; SchemaRegistryError as above."""
        if data is None:
            return None
        try:
            schema_id, content = split(data, headers, self.field)
            if self._form.needs_writer and schema_id not in self._readers:
                _wait(self._reader(schema_id))
            return self._form.decode(content, self._readers.get(schema_id))
        except self._form.refusals as error:
            message = (
                f"topic {topic}: the {self.field} {bytes(data[:40])!r} ({len(data)} bytes) is no "
                f"{self._form.type_name} with a schema's id: {error}"
            )
            advice = f"give the topic the {self.field} type that its writers use, or read bytes"
            raise SerializationError(message, topic=topic, field=self.field, advice=advice) from error

    def is_prepared(self, topic: str) -> bool:
        """Whether `serialize` needs no answer of the registry."""
        return topic in self._writers

    async def prepare(self, topic: str) -> None:
        """Register the topic's schema, or look it up. Raises SchemaRegistryError, SerializationError."""
        if topic not in self._writers:
            await self._questions.ask(topic, lambda: self._prepare(topic))

    async def _prepare(self, topic: str) -> None:
        draft = self._form.draft
        strategy = self._options.get("subject_name_strategy", "topic")
        try:
            subject = subject_name(strategy, topic, self.field, draft.name if draft else "")
            self._writers[topic] = await self._writer(subject, draft)
        except self._form.refusals as error:
            message = f"topic {topic}: the schema of the {self.field} is no good: {error}"
            raise SerializationError(message, topic=topic, field=self.field) from error

    def is_prepared_for(self, values: Iterable[bytes | None], headers: Iterable[Headers] = ()) -> bool:
        """Whether `deserialize` needs no answer of the registry, for all of these."""
        return not self._unknown(values, headers)

    async def prepare_for(self, values: Iterable[bytes | None], headers: Iterable[Headers] = ()) -> None:
        """Read the schemas of these. Raises SchemaRegistryError when the registry cannot be reached."""
        for schema_id in self._unknown(values, headers):
            try:
                await self._reader(schema_id)
            except SchemaRegistryError as error:
                if error.retriable:
                    raise
            except self._form.refusals:
                continue  # as above: the record itself will say so

    def _unknown(self, values: Iterable[bytes | None], headers: Iterable[Headers]) -> set[int | str]:
        if not self._form.needs_writer:
            return set()
        unknown = set()
        all_headers = iter(headers)
        for data in values:
            its_headers = next(all_headers, ())
            if data is None:
                continue
            try:
                unknown.add(split(data, its_headers, self.field)[0])
            except ValueError:
                continue
        return unknown - self._readers.keys()

    async def _writer(self, subject: str, draft: SchemaDraft | None) -> _Writer:
        if draft is None or self._options.get("use_latest_version", False):
            latest = await self.registry.latest(subject)
            schema, schema_id = latest.schema, latest.id
        else:
            schema = await self._complete(draft)
            schema_id = await self._id(subject, schema)
        parsed = self._form.parsed(schema, await self.registry.references(schema))
        return _Writer(prefix_of(schema_id), parsed)

    async def _id(self, subject: str, schema: Schema) -> int:
        normalize = self._options.get("normalize", False)
        if self._options.get("auto_register", True):
            return await self.registry.register(subject, schema, normalize=normalize)
        return (await self.registry.lookup(subject, schema, normalize=normalize)).id

    async def _complete(self, draft: SchemaDraft) -> Schema:
        """The draft with references to what it needs, which is registered on the way."""
        references = list(draft.references)
        for needed in draft.needs:
            schema = await self._complete(needed)
            await self._id(needed.name, schema)
            version = (await self.registry.lookup(needed.name, schema)).version
            references.append(SchemaReference(needed.name, needed.name, version))
        return Schema(draft.text, draft.type, tuple(references))

    async def _reader(self, schema_id: int | str) -> None:
        schema = await self.registry.schema(schema_id)
        if schema.type != self._form.schema_type:
            raise ValueError(f"schema {schema_id} is {schema.type}, not {self._form.schema_type}")
        draft = self._form.draft
        if draft is not None and draft.references:  # readers need their own schema, too
            own = Schema(draft.text, draft.type, draft.references)
            self._form.parsed(own, await self.registry.references(own))
        self._readers[schema_id] = self._form.parsed(schema, await self.registry.references(schema))


def _wait(question: Coroutine[Any, Any, R]) -> R:
    """Its result, in an event loop of its own: the caller may be in one, and is no coroutine."""
    outcome: list[R | BaseException] = []

    def ask() -> None:
        try:
            outcome.append(asyncio.run(question))
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            outcome.append(error)

    thread = threading.Thread(target=ask, name="schema registry", daemon=True)
    thread.start()
    thread.join()
    [result] = outcome
    if isinstance(result, BaseException):
        raise result
    return result
