"""A schema registry in this process, after Confluent's documented REST API: what clients ask, not what is right."""

import base64
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid5

from tests.support.certificates import Certificate

Answer = tuple[int, object]
SUBJECT_NOT_FOUND: Answer = (404, {"error_code": 40401, "message": "Subject not found."})
VERSION_NOT_FOUND: Answer = (404, {"error_code": 40402, "message": "Version not found."})
SCHEMA_NOT_FOUND: Answer = (404, {"error_code": 40403, "message": "Schema not found"})


@dataclass
class FakeRegistry:
    """`schemas` by id, `subjects` as lists of ids: version n is at n - 1, None where it was deleted."""

    url: str = ""
    schemas: dict[int, dict[str, Any]] = field(default_factory=dict)
    subjects: dict[str, list[int | None]] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=lambda: {"": "BACKWARD"})
    questions: list[str] = field(default_factory=list)
    """What was asked, as `POST /subjects/orders-value/versions`."""
    incompatible: set[str] = field(default_factory=set)
    """Subjects that take no other schema."""
    failures: list[int] = field(default_factory=list)
    """Statuses that the next questions get."""
    password: str = ""
    """`user:password` or a bearer token, when one is wanted."""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        for pattern, ask in ROUTES.items():
            if match := re.fullmatch(pattern, f"{method} {path}"):
                return ask(self, body, *(unquote(part) for part in match.groups("")))
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def register(self, body: dict[str, Any], subject: str) -> Answer:
        schema = {name: body[name] for name in ("schema", "schemaType", "references") if body.get(name)}
        if schema.get("schemaType") == "AVRO":
            del schema["schemaType"]
        if not _is_schema(schema):
            return 422, {"error_code": 42201, "message": "Invalid schema"}
        known = next((number for number, each in self.schemas.items() if each == schema), None)
        versions = self.subjects.get(subject, [])
        if known not in versions or known is None:
            if subject in self.incompatible:
                return 409, {"error_code": 409, "message": "Schema being registered is incompatible"}
            known = known or len(self.schemas) + 1
            self.schemas[known] = schema
            self.subjects[subject] = [*versions, known]
        return 200, {"id": known}

    def lookup(self, body: dict[str, Any], subject: str) -> Answer:
        if subject not in self.subjects:
            return SUBJECT_NOT_FOUND
        schema = {name: body[name] for name in ("schema", "schemaType", "references") if body.get(name)}
        if schema.get("schemaType") == "AVRO":
            del schema["schemaType"]
        for index, number in enumerate(self.subjects[subject]):
            if number is not None and self.schemas[number] == schema:
                return 200, self._version(subject, index)
        return SCHEMA_NOT_FOUND

    def by_id(self, _: dict[str, Any], number: str) -> Answer:
        known = self.schemas.get(int(number))
        return SCHEMA_NOT_FOUND if known is None else (200, {**known, "guid": str(guid_of(int(number)))})

    def by_guid(self, _: dict[str, Any], guid: str) -> Answer:
        for number, schema in self.schemas.items():
            if guid_of(number) == UUID(guid):
                return 200, {**schema, "guid": guid}
        return SCHEMA_NOT_FOUND

    def version(self, _: dict[str, Any], subject: str, version: str) -> Answer:
        if subject not in self.subjects:
            return SUBJECT_NOT_FOUND
        index = len(self.subjects[subject]) - 1 if version == "latest" else int(version) - 1
        known = 0 <= index < len(self.subjects[subject]) and self.subjects[subject][index] is not None
        return (200, self._version(subject, index)) if known else VERSION_NOT_FOUND

    def versions(self, _: dict[str, Any], subject: str) -> Answer:
        if subject not in self.subjects:
            return SUBJECT_NOT_FOUND
        return 200, [index + 1 for index, number in enumerate(self.subjects[subject]) if number is not None]

    def delete(self, _: dict[str, Any], subject: str) -> Answer:
        if subject not in self.subjects:
            return SUBJECT_NOT_FOUND
        return 200, [index + 1 for index, _ in enumerate(self.subjects.pop(subject))]

    def is_compatible(self, _: dict[str, Any], subject: str, version: str) -> Answer:
        if subject not in self.subjects:
            return SUBJECT_NOT_FOUND
        return 200, {"is_compatible": subject not in self.incompatible, "version": version}

    def level(self, _: dict[str, Any], subject: str) -> Answer:
        if subject not in self.levels:
            return 404, {"error_code": 40408, "message": "Subject does not have its own compatibility level"}
        return 200, {"compatibilityLevel": self.levels[subject]}

    def set_level(self, body: dict[str, Any], subject: str) -> Answer:
        self.levels[subject] = body["compatibility"]
        return 200, body

    def _version(self, subject: str, index: int) -> dict[str, Any]:
        number = self.subjects[subject][index] or 0
        place = {"subject": subject, "version": index + 1, "id": number, "guid": str(guid_of(number))}
        return {**place, **self.schemas[number]}


ROUTES: dict[str, Callable[..., Answer]] = {
    r"GET /subjects": lambda registry, _: (200, sorted(registry.subjects)),
    r"POST /subjects/([^/]+)/versions": FakeRegistry.register,
    r"POST /subjects/([^/]+)": FakeRegistry.lookup,
    r"GET /subjects/([^/]+)/versions": FakeRegistry.versions,
    r"GET /subjects/([^/]+)/versions/(\d+|latest)": FakeRegistry.version,
    r"DELETE /subjects/([^/]+)": FakeRegistry.delete,
    r"GET /schemas/ids/(\d+)": FakeRegistry.by_id,
    r"GET /schemas/guids/([^/]+)": FakeRegistry.by_guid,
    r"POST /compatibility/subjects/([^/]+)/versions/(\d+|latest)": FakeRegistry.is_compatible,
    r"GET /config(?:/([^/]+))?": lambda registry, body, subject: registry.level(body, subject),
    r"PUT /config(?:/([^/]+))?": lambda registry, body, subject: registry.set_level(body, subject),
}


def guid_of(number: int) -> UUID:
    return uuid5(UUID(int=0), str(number))


def _is_schema(schema: dict[str, Any]) -> bool:
    if schema.get("schemaType") == "PROTOBUF":
        return bool(base64.b64decode(schema["schema"], validate=True))
    try:
        json.loads(schema["schema"])
    except ValueError:
        return False
    return True


@contextmanager
def fake_registry(certificate: Certificate | None = None) -> Iterator[FakeRegistry]:
    """One that answers until the end of the block; over TLS with a certificate."""
    registry = FakeRegistry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            url = urlsplit(self.path)
            registry.questions.append(f"{self.command} {url.path}")
            if parse_qs(url.query).get("normalize") == ["true"] and "schema" in body:
                body["schema"] = json.dumps(json.loads(body["schema"]), sort_keys=True)
            status, content = registry.answer(self.command, url.path, body)
            if registry.password and self.headers.get("Authorization") not in _credentials(registry.password):
                status, content = 401, {"error_code": 401, "message": "Unauthorized"}
            if registry.failures:
                status, content = (
                    registry.failures.pop(0),
                    {"error_code": 50001, "message": "Error in the backend"},
                )
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry.url = f"http://127.0.0.1:{server.server_port}"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        registry.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _credentials(password: str) -> tuple[str, str]:
    return f"Basic {base64.b64encode(password.encode()).decode()}", f"Bearer {password}"
