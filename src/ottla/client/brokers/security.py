"""How a client's connections are secured, made from its settings."""

import ssl
from functools import partial
from secrets import token_urlsafe

from ottla.client.config.options import OAuthTokenProvider, OptionError
from ottla.client.config.settings import ClientSettings
from ottla.net.sasl.mechanism import Mechanism, NewMechanism, SaslError
from ottla.net.sasl.oauthbearer import OAuthBearer
from ottla.net.sasl.plain import Plain
from ottla.net.sasl.scram import Scram
from ottla.net.tls import TlsFiles, client_context

_NONCE_BYTES = 24  # of chance, as Apache Kafka's clients take


def tls_of(settings: ClientSettings) -> ssl.SSLContext | None:
    """The TLS context, None for plain TCP. Raises OptionError naming the file that cannot be used."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    if settings.ssl_context is not None:
        return settings.ssl_context
    files = TlsFiles(
        cafile=settings.ssl_cafile,
        certfile=settings.ssl_certfile,
        keyfile=settings.ssl_keyfile,
        password=settings.ssl_password,
        check_hostname=settings.ssl_check_hostname,
    )
    try:
        return client_context(files)
    except ValueError as error:
        raise OptionError(str(error)) from error


def sasl_of(settings: ClientSettings) -> NewMechanism | None:
    """What makes the mechanism of each authentication; None for none."""
    name = settings.sasl_mechanism
    if name is None:
        return None
    if name == "OAUTHBEARER":
        assert settings.sasl_oauth_token_provider is not None, "settings are checked"
        return partial(_with_token, settings.sasl_oauth_token_provider)
    return partial(
        _with_password, name, settings.sasl_plain_username or "", settings.sasl_plain_password or ""
    )


async def _with_password(name: str, username: str, password: str) -> Mechanism:
    if name == "PLAIN":
        return Plain(username, password)
    return Scram(name, username, password, token_urlsafe(_NONCE_BYTES))


async def _with_token(provider: OAuthTokenProvider) -> Mechanism:
    try:
        token = await (provider.token() if hasattr(provider, "token") else provider())
    except Exception as error:
        raise SaslError(f"sasl_oauth_token_provider failed: {type(error).__name__}: {error}") from error
    return OAuthBearer(token)
