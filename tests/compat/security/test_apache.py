"""The client at Apache Kafka's secured listeners: who is let in, and what those are told who are not."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compat.security.secured import SECRET, USER, SecuredBroker, unsecured_token
from tests.support.apache import missing as no_apache
from tests.support.certificates import PASSWORD, Authority
from tests.support.certificates import missing as no_certificates
from tests.support.command import Command

from ottla.client import Admin, Consumer, Producer
from ottla.client.brokers.cluster import Cluster
from ottla.client.config.settings import AdminSettings, settings_from
from ottla.core.errors import AuthenticationError, ErrorCode, KafkaError
from ottla.net.tls import TlsError

pytestmark = [
    pytest.mark.compat,
    pytest.mark.java,
    pytest.mark.skipif(no_certificates() is not None, reason=str(no_certificates())),
]
PASSWORDS = {"sasl_plain_username": USER, "sasl_plain_password": SECRET}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    if (reason := no_apache()) is not None:
        pytest.skip(reason)
    directory = tmp_path_factory.mktemp("secured")
    broker = SecuredBroker(directory, Authority(directory / "authority"))
    broker.start()
    yield broker
    broker.stop()


async def brokers(server: str, **options: Any) -> int:
    """How many the client finds there: one, once it is let in."""
    options = {"request_timeout_ms": 5_000, "socket_connection_setup_timeout_ms": 5_000, **options}
    async with Cluster(server, settings_from(AdminSettings, options)) as cluster:
        await cluster.refresh(None)
        [known] = cluster.metadata.brokers
        await cluster.ask(known, *_question())  # and at the address that it names, too
        return len(cluster.metadata.brokers)


def _question() -> tuple[Any, Any]:
    from ottla.wire.messages.metadata import MetadataRequest, MetadataResponse

    return MetadataRequest(topics=[]), MetadataResponse


def tls(secured: SecuredBroker, **options: Any) -> dict[str, Any]:
    return {"security_protocol": "SSL", "ssl_cafile": str(secured.authority.certificate), **options}


def sasl(secured: SecuredBroker, mechanism: str, **options: Any) -> dict[str, Any]:
    return {**tls(secured), "security_protocol": "SASL_SSL", "sasl_mechanism": mechanism, **options}


async def token() -> str:
    return unsecured_token()


async def test_tls(secured: SecuredBroker) -> None:
    assert await brokers(secured.server("TLS"), **tls(secured)) == 1


async def test_tls_with_a_client_certificate(secured: SecuredBroker) -> None:
    own = secured.authority.issue("client")
    options = tls(
        secured, ssl_certfile=str(own.chain), ssl_keyfile=str(own.encrypted_key), ssl_password=PASSWORD
    )
    assert await brokers(secured.server("MUTUAL"), **options) == 1
    with pytest.raises(KafkaError, match="client certificate"):
        await brokers(secured.server("MUTUAL"), **tls(secured))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("listener", ["SASL", "BARE"])
async def test_a_password(secured: SecuredBroker, listener: str, mechanism: str) -> None:
    options = sasl(secured, mechanism, **PASSWORDS)
    if listener == "BARE":
        options = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": mechanism, **PASSWORDS}
    assert await brokers(secured.server(listener), **options) == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("wrong", [{"sasl_plain_username": "mallory"}, {"sasl_plain_password": "hush"}])
async def test_a_wrong_password(secured: SecuredBroker, mechanism: str, wrong: dict[str, str]) -> None:
    options = sasl(secured, mechanism, **{**PASSWORDS, **wrong})
    with pytest.raises(AuthenticationError, match="check sasl_plain_username and sasl_plain_pass") as caught:
        await brokers(secured.server("SASL"), **options)
    assert caught.value.code == ErrorCode.SASL_AUTHENTICATION_FAILED
    assert SECRET not in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_token(secured: SecuredBroker) -> None:
    options = sasl(secured, "OAUTHBEARER", sasl_oauth_token_provider=token)
    assert await brokers(secured.server("SASL"), **options) == 1


async def test_a_token_that_has_expired(secured: SecuredBroker) -> None:
    async def expired() -> str:
        return unsecured_token(lifetime_s=-60.0)

    options = sasl(secured, "OAUTHBEARER", sasl_oauth_token_provider=expired)
    with pytest.raises(AuthenticationError, match="check what sasl_oauth_token_provider gives"):
        await brokers(secured.server("SASL"), **options)


async def test_a_session_that_is_renewed_and_goes_on(
    secured: SecuredBroker, caplog: pytest.LogCaptureFixture
) -> None:
    options = settings_from(AdminSettings, sasl(secured, "SCRAM-SHA-256", **PASSWORDS))
    with caplog.at_level(logging.DEBUG, "ottla.client"):
        async with Cluster(secured.server("SASL"), options) as cluster, asyncio.timeout(30):
            while sum("authenticated again" in record.getMessage() for record in caplog.records) < 2:
                await cluster.refresh(())  # the broker would end a connection that was late
                await asyncio.sleep(0.05)


async def test_an_authority_that_is_not_known(secured: SecuredBroker, tmp_path: Path) -> None:
    other = Authority(tmp_path, "another authority")
    with pytest.raises(TlsError, match="ssl_cafile must name the authority that signed it"):
        await brokers(secured.server("TLS"), **tls(secured, ssl_cafile=str(other.certificate)))


async def test_a_certificate_for_another_host(secured: SecuredBroker) -> None:
    with pytest.raises(TlsError, match=r"not for 127\.0\.0\.1 .*ssl_check_hostname=False"):
        await brokers(secured.server("ELSEWHERE"), **tls(secured))
    assert await brokers(secured.server("ELSEWHERE"), **tls(secured, ssl_check_hostname=False)) == 1


@pytest.mark.parametrize("listener", ["TLS", "SASL"])
async def test_plain_text_to_a_tls_listener(secured: SecuredBroker, listener: str) -> None:
    with pytest.raises(KafkaError, match=r"TLS.*security_protocol"):
        await brokers(secured.server(listener))


async def test_tls_to_a_plain_listener(secured: SecuredBroker) -> None:
    with pytest.raises(TlsError, match="security_protocol"):
        await brokers(secured.server("PLAINTEXT"), **tls(secured))


async def test_no_login_at_a_sasl_listener(secured: SecuredBroker) -> None:
    with pytest.raises(KafkaError, match="want SASL"):
        await brokers(secured.server("BARE"))


async def test_a_login_at_a_plain_listener(secured: SecuredBroker) -> None:
    options = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", **PASSWORDS}
    with pytest.raises(AuthenticationError, match="does no SASL; use its SASL listener"):
        await brokers(secured.server("PLAINTEXT"), **options)


async def test_records_go_there_and_back(secured: SecuredBroker) -> None:
    options = sasl(secured, "SCRAM-SHA-512", **PASSWORDS)
    server = secured.server("SASL")
    async with Admin(server, **options) as admin:
        await admin.create_topic("there-and-back")
    async with Producer(server, **options) as producer:
        for number in range(10):
            await producer.send("there-and-back", b"%d" % number)
    consumer = Consumer(
        "there-and-back", bootstrap_servers=server, group_id="g", auto_offset_reset="earliest", **options
    )
    values: list[bytes | None] = []
    async with asyncio.timeout(30), consumer:
        while len(values) < 10:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                values += [record.value for record in records]
    assert values == [b"%d" % number for number in range(10)]


def test_the_command_line_is_let_in_by_a_file(secured: SecuredBroker, tmp_path: Path) -> None:
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    for password in (SECRET, "hush"):
        (tmp_path / password).write_text(
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\nssl.truststore.type=PEM\n"
            f"ssl.truststore.location={secured.authority.certificate}\n"
            f'sasl.jaas.config={login} required username="{USER}" password="{password}";\n'
        )
    ottla = Command(secured.server("SASL"))
    created = ottla.ok("topics", "create", "by-command", "--command-config", str(tmp_path / SECRET))
    assert created == b"by-command: created, 1 partition\n"
    refused = ottla("topics", "list", "--command-config", str(tmp_path / "hush"))
    assert refused.status == 1
    assert "check sasl_plain_username and sasl_plain_password" in refused.err
    assert "Traceback" not in refused.err
