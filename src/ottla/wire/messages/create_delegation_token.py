"""CreateDelegationToken (key 38): a token that stands in for a user's credentials (KIP-48).

Since v3 one user may ask for a token that belongs to another (KIP-373).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, int16, int32, int64, since, string


class CreateDelegationTokenRequest(Message, versions=(1, 3), flexible_from=2):
    owner_principal_type: Annotated[string | None, since(3)] = ""
    owner_principal_name: Annotated[string | None, since(3)] = ""
    renewers: list[CreatableRenewers] = []
    max_lifetime_ms: int64 = 0


class CreatableRenewers(Message):
    principal_type: string = ""
    principal_name: string = ""


class CreateDelegationTokenResponse(Message, versions=(1, 3), flexible_from=2):
    error_code: int16 = 0
    principal_type: string = ""
    principal_name: string = ""
    token_requester_principal_type: Annotated[string, since(3)] = ""
    token_requester_principal_name: Annotated[string, since(3)] = ""
    issue_timestamp_ms: int64 = 0
    expiry_timestamp_ms: int64 = 0
    max_timestamp_ms: int64 = 0
    token_id: string = ""
    hmac: bytes_ = b""
    throttle_time_ms: int32 = 0
