"""The registry's client against a registry that follows Confluent's documented REST API."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import certificates
from tests.support.schema_registry import FakeRegistry, fake_registry, guid_of

from ottla.client.registry.registry import Schema, SchemaReference, SchemaRegistry, SchemaRegistryError
from ottla.core.errors import ErrorCode

ORDER = Schema('{"type":"record","name":"Order","fields":[]}')
OTHER = Schema('{"type":"record","name":"Other","fields":[]}')


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


@pytest.fixture
def registry(fake: FakeRegistry) -> SchemaRegistry:
    return SchemaRegistry(fake.url, retry_backoff_ms=1)


async def test_a_schema_is_registered_once(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    assert [await registry.register("orders-value", ORDER) for _ in range(3)] == [1, 1, 1]
    assert await registry.register("orders-key", ORDER) == 1
    assert await registry.register("orders-value", OTHER) == 2
    assert fake.questions == [
        "POST /subjects/orders-value/versions",
        "POST /subjects/orders-key/versions",
        "POST /subjects/orders-value/versions",
    ]
    assert await registry.subjects() == ["orders-key", "orders-value"]
    assert await registry.versions("orders-value") == [1, 2]


async def test_schemas_are_read_by_id_guid_and_version_and_remembered(
    fake: FakeRegistry, registry: SchemaRegistry
) -> None:
    await SchemaRegistry(fake.url).register("orders-value", ORDER)
    fake.questions.clear()
    for _ in range(2):
        assert await registry.schema(1) == ORDER
        assert await registry.schema(str(guid_of(1))) == ORDER
        assert (await registry.version("orders-value", 1)).schema == ORDER
    assert len(fake.questions) == 3
    assert registry.known_schema(1) == ORDER
    assert registry.known_schema(2) is None


async def test_the_latest_version_is_asked_for_each_time(registry: SchemaRegistry) -> None:
    for version, schema in enumerate((ORDER, OTHER), start=1):
        await registry.register("orders-value", schema)
        latest = await registry.latest("orders-value")
        assert (latest.version, latest.schema, latest.subject) == (version, schema, "orders-value")


async def test_type_and_references_go_there_and_back(registry: SchemaRegistry) -> None:
    await registry.register("money", Schema('{"type":"string"}', "JSON"))
    reference = SchemaReference("money.json", "money", 1)
    schema = Schema('{"$ref":"money.json"}', "JSON", (reference,))
    number = await registry.register("orders-value", schema)
    assert await SchemaRegistry.schema(registry, number) == schema
    assert await registry.references(schema) == {"money.json": Schema('{"type":"string"}', "JSON")}
    assert (await registry.lookup("orders-value", schema)).version == 1


async def test_normalising_is_the_registrys(registry: SchemaRegistry) -> None:
    text = json.dumps({"type": "string", "doc": "x"})
    number = await registry.register("s", Schema(text), normalize=True)
    assert (await registry.schema(number)).text == json.dumps({"doc": "x", "type": "string"})


async def test_a_subjects_name_may_hold_anything(registry: SchemaRegistry) -> None:
    await registry.register("a/b c?ü", ORDER)
    assert (await registry.latest("a/b c?ü")).subject == "a/b c?ü"


async def test_compatibility(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    await registry.register("orders-value", ORDER)
    assert await registry.compatibility() == "BACKWARD"
    await registry.set_compatibility("FULL", "orders-value")
    assert await registry.compatibility("orders-value") == "FULL"
    assert await registry.is_compatible("orders-value", OTHER)
    fake.incompatible.add("orders-value")
    assert not await registry.is_compatible("orders-value", OTHER, 1)
    with pytest.raises(SchemaRegistryError, match=r"409: .* is incompatible; change the schema") as refusal:
        await registry.register("orders-value", OTHER)
    assert (refusal.value.status, refusal.value.error_code) == (409, 409)
    assert not refusal.value.retriable


async def test_a_deleted_subject_is_forgotten(registry: SchemaRegistry) -> None:
    await registry.register("orders-value", ORDER)
    assert await registry.delete_subject("orders-value") == [1]
    with pytest.raises(SchemaRegistryError, match="Subject not found") as refusal:
        await registry.latest("orders-value")
    assert refusal.value.error_code == 40401
    assert refusal.value.code is ErrorCode.RESOURCE_NOT_FOUND
    assert await registry.register("orders-value", ORDER) == 1
    assert await registry.versions("orders-value") == [1]


@pytest.mark.parametrize(("method", "code"), [("schema", 40403), ("latest", 40401), ("compatibility", 40408)])
async def test_what_is_not_there_is_said_with_the_registrys_code(
    registry: SchemaRegistry, method: str, code: int
) -> None:
    with pytest.raises(SchemaRegistryError) as refusal:
        await getattr(registry, method)(77 if method == "schema" else "none")
    assert (refusal.value.status, refusal.value.error_code) == (404, code)


async def test_a_failing_registry_is_asked_again(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    fake.failures = [500, 503, 429]
    assert await registry.subjects() == []
    assert len(fake.questions) == 4


async def test_one_that_goes_on_failing_is_given_up(fake: FakeRegistry) -> None:
    fake.failures = [500] * 9
    with pytest.raises(SchemaRegistryError, match="answered GET /subjects with 500: Error in the") as refusal:
        await SchemaRegistry(fake.url, retries=2, retry_backoff_ms=1).subjects()
    assert len(fake.questions) == 3
    assert (refusal.value.retriable, refusal.value.error_code) == (True, 50001)


async def test_an_answer_of_something_else_is_told(fake: FakeRegistry, registry: SchemaRegistry) -> None:
    fake.failures = [200]
    with pytest.raises(
        SchemaRegistryError, match="has no 'id': is this the URL of a schema registry"
    ) as refusal:
        await registry.register("orders", ORDER)
    assert not refusal.value.retriable


async def test_the_next_url_is_asked_where_one_does_not_answer(fake: FakeRegistry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    both = SchemaRegistry(f"http://127.0.0.1:{port}, {fake.url}/", retries=1, retry_backoff_ms=1)
    assert await both.subjects() == []
    with pytest.raises(SchemaRegistryError, match=f"http://127.0.0.1:{port} cannot be reached") as refusal:
        await SchemaRegistry(f"http://me:secret@127.0.0.1:{port}", retries=0).subjects()
    assert refusal.value.retriable
    assert "secret" not in str(refusal.value)


async def test_a_registry_that_does_not_answer_in_time_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SchemaRegistryError, match="cannot be reached: "):
            await SchemaRegistry(url, timeout_ms=50, retries=0).subjects()


@pytest.mark.parametrize("how", ["options", "url", "token"])
async def test_the_password_is_sent(fake: FakeRegistry, how: str) -> None:
    fake.password = "token" if how == "token" else "me:secret"
    registry = {
        "options": SchemaRegistry(fake.url, basic_auth=("me", "secret")),
        "url": SchemaRegistry(fake.url.replace("//", "//me:secret@")),
        "token": SchemaRegistry(fake.url, bearer_token="token"),
    }[how]
    assert await registry.subjects() == []
    assert "secret" not in repr(registry)
    with pytest.raises(SchemaRegistryError, match="401: Unauthorized; give the registry's user") as refusal:
        await SchemaRegistry(fake.url).subjects()
    assert refusal.value.code is ErrorCode.SASL_AUTHENTICATION_FAILED


@pytest.mark.skipif(certificates.missing() is not None, reason=str(certificates.missing()))
async def test_over_tls_only_who_is_trusted_is_asked(tmp_path: Path) -> None:
    authority = certificates.Authority(tmp_path)
    with fake_registry(authority.issue("registry", "IP:127.0.0.1")) as fake:
        trusting = ssl.create_default_context(cafile=str(authority.certificate))
        assert await SchemaRegistry(fake.url, ssl_context=trusting).subjects() == []
        with pytest.raises(SchemaRegistryError, match=r"cannot be reached: .*CERTIFICATE_VERIFY_FAILED"):
            await SchemaRegistry(fake.url, retries=0).subjects()


def test_what_is_no_url_or_no_option_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with http:// or https://"):
        SchemaRegistry("127.0.0.1:8081")
    with pytest.raises(TypeError, match="no option of a schema registry: user"):
        SchemaRegistry("http://127.0.0.1:8081", user="me")  # type: ignore[call-arg]
