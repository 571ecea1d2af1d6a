"""SaslAuthenticate (key 36): one step of a SASL exchange (KIP-152).

Since v1 the reply says how long the session lasts before the client must authenticate again (KIP-368).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, ignorable, int16, int64, since, string


class SaslAuthenticateRequest(Message, versions=(0, 2), flexible_from=2):
    auth_bytes: bytes_ = b""


class SaslAuthenticateResponse(Message, versions=(0, 2), flexible_from=2):
    error_code: int16 = 0
    error_message: string | None = ""
    auth_bytes: bytes_ = b""
    session_lifetime_ms: Annotated[int64, since(1), ignorable] = 0
