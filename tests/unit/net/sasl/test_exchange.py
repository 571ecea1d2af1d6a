"""SASL in Kafka's requests: the order of them, and what a refusal says."""

from collections.abc import Callable

import pytest

from ottla.core.errors import AuthenticationError, ErrorCode
from ottla.net.sasl.exchange import authenticate
from ottla.net.sasl.mechanism import Mechanism, SaslError
from ottla.net.sasl.oauthbearer import OAuthBearer
from ottla.net.sasl.plain import Plain
from ottla.wire.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from ottla.wire.messages.sasl_handshake import SaslHandshakeResponse
from ottla.wire.schema import Message


class ScriptedBroker:
    """Gives its answers in order, and remembers what was asked."""

    def __init__(self, *answers: Message) -> None:
        self.answers = list(answers)
        self.asked: list[Message] = []

    async def __call__(self, request: Message) -> Message:
        self.asked.append(request)
        return self.answers.pop(0)

    def sent(self) -> list[bytes]:
        return [ask.auth_bytes for ask in self.asked if isinstance(ask, SaslAuthenticateRequest)]


CHOSEN = SaslHandshakeResponse(mechanisms=["PLAIN", "OAUTHBEARER"])


async def test_plain_is_one_message() -> None:
    broker = ScriptedBroker(CHOSEN, SaslAuthenticateResponse(session_lifetime_ms=5000))
    assert await authenticate(broker, Plain("alice", "pässword"), "b:1") == 5000
    assert broker.sent() == ["\0alice\0pässword".encode()]


async def test_a_token() -> None:
    broker = ScriptedBroker(CHOSEN, SaslAuthenticateResponse())
    assert await authenticate(broker, OAuthBearer("abc.def"), "b:1") == 0
    assert broker.sent() == [b"n,,\x01auth=Bearer abc.def\x01\x01"]


async def test_a_token_that_is_refused_gets_its_code_after_a_last_word() -> None:
    refused = SaslAuthenticateResponse(
        error_code=ErrorCode.SASL_AUTHENTICATION_FAILED, error_message="expired"
    )
    broker = ScriptedBroker(
        CHOSEN, SaslAuthenticateResponse(auth_bytes=b'{"status":"invalid_token"}'), refused
    )
    with pytest.raises(
        AuthenticationError, match="OAUTHBEARER failed: expired; check what sasl_oauth"
    ) as caught:
        await authenticate(broker, OAuthBearer("abc"), "b:1")
    assert broker.sent()[1] == b"\x01"
    assert caught.value.code == ErrorCode.SASL_AUTHENTICATION_FAILED
    assert not caught.value.retriable


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            SaslHandshakeResponse(
                error_code=ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms=["SCRAM-SHA-256", "GSSAPI"]
            ),
            "does not offer PLAIN; it offers: SCRAM-SHA-256, GSSAPI; set sasl_mechanism",
        ),
        (
            SaslHandshakeResponse(error_code=ErrorCode.ILLEGAL_SASL_STATE),
            "does no SASL; use its SASL listener",
        ),
        (SaslHandshakeResponse(error_code=ErrorCode.UNKNOWN_SERVER_ERROR), "UNKNOWN_SERVER_ERROR"),
    ],
)
async def test_a_listener_that_does_something_else(answer: Message, message: str) -> None:
    with pytest.raises(AuthenticationError, match=message):
        await authenticate(ScriptedBroker(answer), Plain("u", "hush"), "b:1")


async def test_a_wrong_password_is_told_without_the_password() -> None:
    refused = SaslAuthenticateResponse(error_code=ErrorCode.SASL_AUTHENTICATION_FAILED, error_message=None)
    with pytest.raises(AuthenticationError, match="b:1: PLAIN failed: The credentials were not") as caught:
        await authenticate(ScriptedBroker(CHOSEN, refused), Plain("u", "hush"), "b:1")
    assert "sasl_plain_password" in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_mechanism_that_gives_up() -> None:
    broker = ScriptedBroker(CHOSEN, SaslAuthenticateResponse(auth_bytes=b"more?"))
    with pytest.raises(AuthenticationError, match="b:1: PLAIN: the broker asks for more"):
        await authenticate(broker, Plain("u", "p"), "b:1")


@pytest.mark.parametrize(
    "make", [lambda: Plain("u\0", "p"), lambda: OAuthBearer("two words"), lambda: OAuthBearer("")]
)
def test_what_cannot_be_sent(make: Callable[[], Mechanism]) -> None:
    with pytest.raises(SaslError):
        make()
