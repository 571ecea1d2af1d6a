"""OAUTHBEARER (RFC 7628, KIP-255): a token that somebody else gave, carried to the broker."""

import re

from ottla.net.sasl.mechanism import SaslError

_TOKEN = re.compile(r"[\x21-\x7e]+")  # RFC 6750 allows less; brokers differ
_SEPARATOR = "\x01"


class OAuthBearer:
    """The token; then nothing, or a last word after the broker has said why not."""

    name = "OAUTHBEARER"

    def __init__(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise SaslError("sasl_oauth_token_provider gave something that is not a token")
        self._token = token

    def first(self) -> bytes:
        return f"n,,{_SEPARATOR}auth=Bearer {self._token}{_SEPARATOR}{_SEPARATOR}".encode()

    def next(self, challenge: bytes) -> bytes | None:
        """None for a token that was taken; else the answer that makes the broker say the failure by its code."""
        return _SEPARATOR.encode() if challenge else None
