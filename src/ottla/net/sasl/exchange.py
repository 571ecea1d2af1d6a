"""SASL in Kafka's frames: SaslHandshake names the mechanism, SaslAuthenticate carries its messages (KIP-152)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ottla.core.errors import AuthenticationError, ErrorCode
from ottla.net.sasl.mechanism import Mechanism, SaslError
from ottla.wire.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from ottla.wire.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from ottla.wire.schema import Message

Answer = TypeVar("Answer", bound=Message)
Ask = Callable[[Message], Awaitable[Message]]
"""Sends a request in the highest version of both ends and returns the reply."""

_ADVICE = {
    "PLAIN": "check sasl_plain_username and sasl_plain_password",
    "SCRAM-SHA-256": "check sasl_plain_username and sasl_plain_password, and that the user has SCRAM-SHA-256 there",
    "SCRAM-SHA-512": "check sasl_plain_username and sasl_plain_password, and that the user has SCRAM-SHA-512 there",
    "OAUTHBEARER": "check what sasl_oauth_token_provider gives: issuer, audience, expiry",
}


async def authenticate(ask: Ask, mechanism: Mechanism, address: str) -> int:
    """Go through it; milliseconds until it must be done again, 0 for never (KIP-368).

    Raises AuthenticationError saying what to do; no secret is in the text.
    """
    await _choose(ask, mechanism, address)
    try:
        message: bytes | None = mechanism.first()
        lifetime_ms = 0
        while message is not None:
            answer = await _asked(ask, SaslAuthenticateRequest(auth_bytes=message), SaslAuthenticateResponse)
            if answer.error_code != ErrorCode.NONE:
                raise _refused(answer, mechanism, address)
            lifetime_ms = answer.session_lifetime_ms
            message = mechanism.next(bytes(answer.auth_bytes))
    except SaslError as error:
        code = ErrorCode.SASL_AUTHENTICATION_FAILED
        raise AuthenticationError(code, f"{address}: {mechanism.name}: {error}") from error
    return lifetime_ms


async def _choose(ask: Ask, mechanism: Mechanism, address: str) -> None:
    answer = await _asked(ask, SaslHandshakeRequest(mechanism=mechanism.name), SaslHandshakeResponse)
    if answer.error_code == ErrorCode.NONE:
        return
    if answer.error_code == ErrorCode.UNSUPPORTED_SASL_MECHANISM:
        offered = ", ".join(answer.mechanisms) or "none"
        problem = f"{address}: the listener does not offer {mechanism.name}; it offers: {offered}"
        raise AuthenticationError(
            ErrorCode.UNSUPPORTED_SASL_MECHANISM, problem, advice="set sasl_mechanism to one of those"
        )
    if answer.error_code == ErrorCode.ILLEGAL_SASL_STATE:
        problem = f"{address}: the listener does no SASL"
        raise AuthenticationError(
            ErrorCode.ILLEGAL_SASL_STATE,
            problem,
            advice="use its SASL listener, or security_protocol PLAINTEXT or SSL",
        )
    raise AuthenticationError(
        ErrorCode(answer.error_code), f"{address}: SaslHandshake: {ErrorCode(answer.error_code).name}"
    )


def _refused(answer: SaslAuthenticateResponse, mechanism: Mechanism, address: str) -> AuthenticationError:
    code = ErrorCode(answer.error_code)
    problem = f"{address}: {mechanism.name} failed: {answer.error_message or code.message}"
    return AuthenticationError(code, problem, advice=_ADVICE.get(mechanism.name, ""))


async def _asked(ask: Ask, request: Message, response: type[Answer]) -> Answer:
    answer = await ask(request)
    assert isinstance(answer, response)
    return answer
