"""A client of a schema registry that speaks Confluent's REST API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

from ottla.client.registry.http import RegistryHttp, RegistryOptions, SchemaRegistryError

__all__ = ["RegisteredSchema", "Schema", "SchemaReference", "SchemaRegistry", "SchemaRegistryError"]

SchemaType = Literal["AVRO", "PROTOBUF", "JSON"]
Compatibility = Literal[
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"
]


@dataclass(frozen=True, slots=True)
class SchemaReference:
    """A schema that another one names: `name` is how it does (an Avro name, an import's path, a $ref)."""

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema's text with what it refers to."""

    text: str
    type: SchemaType = "AVRO"
    references: tuple[SchemaReference, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema under a subject."""

    id: int
    subject: str
    version: int
    schema: Schema


class SchemaRegistry:
    """`SchemaRegistry("http://127.0.0.1:8081", basic_auth=("user", "password"))`; several URLs for failover.

    Ids, versions and registrations never change once given, so they are asked for once and then remembered.
    It belongs to no event loop and needs no closing. Its questions raise SchemaRegistryError.
    """

    def __init__(self, urls: str | Sequence[str], **options: Unpack[RegistryOptions]) -> None:
        """Raises ImportError with the way out when httpx2 is missing, ValueError for what is no URL."""
        self._http = RegistryHttp(urls, **options)
        self._by_id: dict[int | str, Schema] = {}
        self._ids: dict[tuple[str, Schema, bool], int] = {}
        self._versions: dict[tuple[str, int], RegisteredSchema] = {}

    def __repr__(self) -> str:
        return f"SchemaRegistry({self._http!r})"

    async def register(self, subject: str, schema: Schema, *, normalize: bool = False) -> int:
        """The schema's id, under the subject from now on; a new version unless it was there."""
        known = self._ids.get((subject, schema, normalize))
        if known is not None:
            return known
        query = {"normalize": "true"} if normalize else None
        answer = await self._http.ask("POST", ["subjects", subject, "versions"], query, _body(schema))
        return self._remember(subject, schema, normalize, int(answer["id"]))

    async def lookup(self, subject: str, schema: Schema, *, normalize: bool = False) -> RegisteredSchema:
        """The schema's id and version under the subject; 40401, 40403 when it is not there."""
        query = {"normalize": "true"} if normalize else None
        answer = await self._http.ask("POST", ["subjects", subject], query, _body(schema))
        self._remember(subject, schema, normalize, int(answer["id"]))
        return RegisteredSchema(int(answer["id"]), subject, int(answer["version"]), schema)

    def known_schema(self, schema_id: int | str) -> Schema | None:
        """What `schema` would give, if it was asked for before."""
        return self._by_id.get(schema_id)

    async def schema(self, schema_id: int | str) -> Schema:
        """The schema of an id (a number) or a GUID (text)."""
        known = self._by_id.get(schema_id)
        if known is None:
            kind = "ids" if isinstance(schema_id, int) else "guids"
            answer = await self._http.ask("GET", ["schemas", kind, str(schema_id)])
            known = self._by_id[schema_id] = _schema(answer)
        return known

    async def latest(self, subject: str) -> RegisteredSchema:
        """The newest version of the subject, asked for every time."""
        return await self._version(subject, "latest")

    async def version(self, subject: str, version: int) -> RegisteredSchema:
        """One version of the subject."""
        known = self._versions.get((subject, version))
        return known or await self._version(subject, str(version))

    async def references(self, schema: Schema) -> dict[str, Schema]:
        """All that the schema refers to, by name, each after what it refers to itself."""
        found: dict[str, Schema] = {}
        for reference in schema.references:
            if reference.name in found:
                continue
            named = (await self.version(reference.subject, reference.version)).schema
            found.update(await self.references(named))
            found[reference.name] = named
        return found

    async def subjects(self) -> list[str]:
        """All names."""
        return list(await self._http.ask("GET", ["subjects"]))

    async def versions(self, subject: str) -> list[int]:
        """Those of the subject."""
        return list(await self._http.ask("GET", ["subjects", subject, "versions"]))

    async def delete_subject(self, subject: str, *, permanent: bool = False) -> list[int]:
        """The versions that went; their schemas stay readable by id unless `permanent` (which needs a first,
        plain deletion).
        """
        query = {"permanent": "true"} if permanent else None
        gone = await self._http.ask("DELETE", ["subjects", subject], query)
        self._ids = {known: number for known, number in self._ids.items() if known[0] != subject}
        self._versions = {known: schema for known, schema in self._versions.items() if known[0] != subject}
        return list(gone)

    async def is_compatible(self, subject: str, schema: Schema, version: int | None = None) -> bool:
        """Whether it could be registered: by the subject's level, against a version or the latest."""
        against = "latest" if version is None else str(version)
        path = ["compatibility", "subjects", subject, "versions", against]
        return bool((await self._http.ask("POST", path, body=_body(schema)))["is_compatible"])

    async def compatibility(self, subject: str | None = None) -> Compatibility:
        """The level of a subject that has its own, or of all others."""
        answer = await self._http.ask("GET", ["config", *([subject] if subject else [])])
        level: Compatibility = answer["compatibilityLevel"]
        return level

    async def set_compatibility(self, level: Compatibility, subject: str | None = None) -> None:
        """For a subject, or for all that have none of their own."""
        path = ["config", *([subject] if subject else [])]
        await self._http.ask("PUT", path, body={"compatibility": level})

    async def _version(self, subject: str, version: str) -> RegisteredSchema:
        answer = await self._http.ask("GET", ["subjects", subject, "versions", version])
        found = RegisteredSchema(int(answer["id"]), subject, int(answer["version"]), _schema(answer))
        self._versions[subject, found.version] = found
        self._by_id[found.id] = found.schema
        return found

    def _remember(self, subject: str, schema: Schema, normalize: bool, schema_id: int) -> int:
        self._ids[subject, schema, normalize] = schema_id
        return schema_id


def _body(schema: Schema) -> dict[str, object]:
    body: dict[str, object] = {"schema": schema.text}
    if schema.type != "AVRO":
        body["schemaType"] = schema.type
    if schema.references:
        body["references"] = [
            {"name": each.name, "subject": each.subject, "version": each.version}
            for each in schema.references
        ]
    return body


def _schema(answer: Mapping[str, Any]) -> Schema:
    references = tuple(
        SchemaReference(each["name"], each["subject"], int(each["version"]))
        for each in answer.get("references") or ()
    )
    return Schema(answer["schema"], answer.get("schemaType") or "AVRO", references)
