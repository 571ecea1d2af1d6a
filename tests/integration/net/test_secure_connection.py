"""TLS and SASL against scripted brokers: what works, and what a person is told when it does not."""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.support.bytes import array, int16, int32, int64, string
from tests.support.certificates import PASSWORD, Authority, Certificate, missing
from tests.support.scripted import Asked, api_versions_v3, scripted

from ottla.client.brokers.security import sasl_of, tls_of
from ottla.client.config.options import OptionError
from ottla.client.config.settings import ClientSettings
from ottla.core.errors import AuthenticationError, KafkaError
from ottla.net.connection import Connection, ConnectionSettings
from ottla.net.errors import KafkaConnectionError
from ottla.net.tls import TlsError
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.registry import api_named

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

HEARTBEAT, HANDSHAKE, AUTHENTICATE, API_VERSIONS = 12, 17, 36, 18
RANGES = ((HEARTBEAT, 0, 3), (HANDSHAKE, 0, 1), (API_VERSIONS, 0, 4), (AUTHENTICATE, 0, 1))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Certificate:
    return authority.issue("broker", "DNS:localhost")


def server_context(certificate: Certificate, clients: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


async def broker(asked: Asked) -> None:
    """Answers ApiVersions and Heartbeat, takes one password, and is done with it after a while."""
    if asked.api_key == API_VERSIONS:
        asked.answer(api_versions_v3(*RANGES))
    elif asked.api_key == HEARTBEAT:
        asked.answer(int32(0) + int16(0))
    elif asked.api_key == HANDSHAKE:
        asked.answer(int16(0) + array([string("PLAIN")]))
    else:
        asked.answer(int16(0) + string("") + int32(0) + int64(60_000))


async def silent(asked: Asked) -> None:
    """Takes a request and says nothing."""


async def leaving(asked: Asked) -> None:
    """Answers ApiVersions and goes at the next request, as a SASL listener does with one who did not log in."""
    if asked.api_key == API_VERSIONS:
        asked.answer(api_versions_v3(*RANGES))
    else:
        asked.writer.close()


def settings(**options: object) -> ConnectionSettings:
    told = ClientSettings(**options)  # type: ignore[arg-type]
    return ConnectionSettings(
        tls=tls_of(told),
        sasl=sasl_of(told),
        socket_connection_setup_timeout_ms=2_000,
        request_timeout_ms=2_000,
    )


async def beat(host: str, port: int, using: ConnectionSettings) -> None:
    connection = await Connection.open(host, port, using)
    try:
        await connection.send(api_named("Heartbeat"), 3, HeartbeatRequest())
    finally:
        await connection.close()


@pytest.mark.parametrize("as_text", [False, True], ids=["path", "PEM text"])
async def test_a_broker_whose_authority_is_known(
    authority: Authority, server: Certificate, *, as_text: bool
) -> None:
    ca = authority.certificate
    using = settings(security_protocol="SSL", ssl_cafile=ca.read_text() if as_text else str(ca))
    async with scripted(broker, server_context(server)) as (_, port):
        await beat("localhost", port, using)


async def test_a_context_of_the_users_own(authority: Authority, server: Certificate) -> None:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    async with scripted(broker, server_context(server)) as (_, port):
        await beat("localhost", port, settings(security_protocol="SSL", ssl_context=context))


@pytest.mark.parametrize("as_text", [False, True], ids=["path", "PEM text"])
async def test_a_client_certificate(authority: Authority, server: Certificate, *, as_text: bool) -> None:
    ca, own = authority.certificate, authority.issue("client")
    using = settings(
        security_protocol="SSL",
        ssl_cafile=str(ca),
        ssl_certfile=own.chain.read_text() if as_text else str(own.chain),
        ssl_keyfile=own.encrypted_key.read_text() if as_text else str(own.encrypted_key),
        ssl_password=PASSWORD,
    )
    async with scripted(broker, server_context(server, ca)) as (_, port):
        await beat("localhost", port, using)


async def test_a_client_certificate_that_is_missing(authority: Authority, server: Certificate) -> None:
    using = settings(security_protocol="SSL", ssl_cafile=str(authority.certificate))
    async with scripted(broker, server_context(server, authority.certificate)) as (_, port):
        with pytest.raises(KafkaError, match="client certificate"):  # an alert, or only an end
            await beat("localhost", port, using)


async def test_an_authority_that_is_not_known(tmp_path: Path, server: Certificate) -> None:
    other = Authority(tmp_path, "another authority")
    using = settings(security_protocol="SSL", ssl_cafile=str(other.certificate))
    async with scripted(broker, server_context(server)) as (_, port):
        with pytest.raises(TlsError, match=r"not trusted .*ssl_cafile must name the authority"):
            await beat("localhost", port, using)


async def test_a_host_name_that_is_not_in_the_certificate(authority: Authority, server: Certificate) -> None:
    ca = str(authority.certificate)
    async with scripted(broker, server_context(server)) as (host, port):
        with pytest.raises(TlsError, match=r"not for 127\.0\.0\.1 .*ssl_check_hostname=False"):
            await beat(host, port, settings(security_protocol="SSL", ssl_cafile=ca))
        await beat(host, port, settings(security_protocol="SSL", ssl_cafile=ca, ssl_check_hostname=False))


async def test_tls_to_a_listener_that_does_none(authority: Authority) -> None:
    async def gone(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()  # as brokers do with a frame of 369 MB, which is what a greeting of TLS looks like

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    using = settings(security_protocol="SSL", ssl_cafile=str(authority.certificate))
    for serve in (gone, answering):
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        with pytest.raises(TlsError, match="security_protocol"):
            await beat("localhost", listener.sockets[0].getsockname()[1], using)
        listener.close()
        await listener.wait_closed()


async def test_plain_text_to_a_listener_that_does_tls(server: Certificate) -> None:
    async with scripted(broker, server_context(server)) as (host, port):
        with pytest.raises(KafkaConnectionError, match=r"TLS.*security_protocol.*SSL or SASL_SSL"):
            await beat(host, port, settings())


async def test_no_login_at_a_listener_that_wants_one() -> None:
    async with scripted(leaving) as (host, port):
        with pytest.raises(KafkaConnectionError, match=r"want SASL .*SASL_PLAINTEXT or SASL_SSL"):
            await beat(host, port, settings())


async def test_a_silent_listener_is_no_hang(authority: Authority) -> None:
    async with scripted(silent) as (_, port):
        with pytest.raises(KafkaConnectionError, match=r"no TLS connection in 0.1 s"):
            await Connection.open(
                "localhost",
                port,
                ConnectionSettings(tls=ssl.create_default_context(), socket_connection_setup_timeout_ms=100),
            )


@pytest.mark.parametrize("name", ["ssl_cafile", "ssl_certfile"])
def test_a_file_that_is_not_there(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} nowhere.pem cannot be used: no such file"):
        tls_of(ClientSettings(security_protocol="SSL", **{name: "nowhere.pem"}))


def test_a_key_with_a_wrong_password(authority: Authority) -> None:
    own = authority.issue("wrong")
    options = {"ssl_certfile": str(own.chain), "ssl_keyfile": str(own.encrypted_key)}
    for password in (None, "wrong"):
        with pytest.raises(OptionError, match="is ssl_password right"):
            tls_of(ClientSettings(security_protocol="SSL", ssl_password=password, **options))


async def test_a_session_is_renewed_on_the_same_connection(authority: Authority, server: Certificate) -> None:
    keys: list[int] = []

    async def recording(asked: Asked) -> None:
        keys.append(asked.api_key)
        await broker(asked)

    using = settings(
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        sasl_plain_username="u",
        sasl_plain_password="p",
        ssl_cafile=str(authority.certificate),
    )
    async with scripted(recording, server_context(server)) as (_, port):
        connection = await Connection.open("localhost", port, using)
        assert connection.session_lifetime_ms == 60_000
        await connection.authenticate()
        await connection.send(api_named("Heartbeat"), 3, HeartbeatRequest())
        await connection.close()
    assert keys == [API_VERSIONS, HANDSHAKE, AUTHENTICATE, HANDSHAKE, AUTHENTICATE, HEARTBEAT]


async def test_a_token_provider_that_fails() -> None:
    async def token() -> str:
        raise OSError("the identity server is down")

    using = settings(
        security_protocol="SASL_PLAINTEXT", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=token
    )
    async with scripted(broker) as (host, port):
        with pytest.raises(
            AuthenticationError, match="token_provider failed: OSError: the identity"
        ) as caught:
            await beat(host, port, using)
    assert isinstance(caught.value, KafkaError)
