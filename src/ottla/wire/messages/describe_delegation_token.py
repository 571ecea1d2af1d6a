"""DescribeDelegationToken (key 41): the delegation tokens of some owners, or of all (KIP-48).

Who asked for the token is told since v3 (KIP-373).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, int16, int32, int64, since, string


class DescribeDelegationTokenRequest(Message, versions=(1, 3), flexible_from=2):
    owners: list[DescribeDelegationTokenOwner] | None = []


class DescribeDelegationTokenOwner(Message):
    principal_type: string = ""
    principal_name: string = ""


class DescribeDelegationTokenResponse(Message, versions=(1, 3), flexible_from=2):
    error_code: int16 = 0
    tokens: list[DescribedDelegationToken] = []
    throttle_time_ms: int32 = 0


class DescribedDelegationToken(Message):
    principal_type: string = ""
    principal_name: string = ""
    token_requester_principal_type: Annotated[string, since(3)] = ""
    token_requester_principal_name: Annotated[string, since(3)] = ""
    issue_timestamp: int64 = 0
    expiry_timestamp: int64 = 0
    max_timestamp: int64 = 0
    token_id: string = ""
    hmac: bytes_ = b""
    renewers: list[DescribedDelegationTokenRenewer] = []


class DescribedDelegationTokenRenewer(Message):
    principal_type: string = ""
    principal_name: string = ""
