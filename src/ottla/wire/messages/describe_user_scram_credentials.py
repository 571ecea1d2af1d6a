"""DescribeUserScramCredentials (key 50): which SCRAM mechanisms users have, never their secrets (KIP-554)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int8, int16, int32, string


class DescribeUserScramCredentialsRequest(Message, versions=(0, 0), flexible_from=0):
    users: list[UserName] | None = []


class UserName(Message):
    name: string = ""


class DescribeUserScramCredentialsResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
    results: list[DescribeUserScramCredentialsResult] = []


class DescribeUserScramCredentialsResult(Message):
    user: string = ""
    error_code: int16 = 0
    error_message: string | None = ""
    credential_infos: list[CredentialInfo] = []


class CredentialInfo(Message):
    mechanism: int8 = 0
    iterations: int32 = 0
