"""SaslHandshake (key 17): the client chooses a SASL mechanism. Never flexible.

After v0 the tokens follow bare, after v1 inside SaslAuthenticate requests (KIP-152).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, string


class SaslHandshakeRequest(Message, versions=(0, 1)):
    mechanism: string = ""


class SaslHandshakeResponse(Message, versions=(0, 1)):
    error_code: int16 = 0
    mechanisms: list[string] = []
