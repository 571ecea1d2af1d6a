"""AlterUserScramCredentials (key 51): set or remove users' SCRAM credentials (KIP-554)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import bytes_, int8, int16, int32, string


class AlterUserScramCredentialsRequest(Message, versions=(0, 0), flexible_from=0):
    deletions: list[ScramCredentialDeletion] = []
    upsertions: list[ScramCredentialUpsertion] = []


class ScramCredentialDeletion(Message):
    name: string = ""
    mechanism: int8 = 0


class ScramCredentialUpsertion(Message):
    name: string = ""
    mechanism: int8 = 0
    iterations: int32 = 0
    salt: bytes_ = b""
    salted_password: bytes_ = b""


class AlterUserScramCredentialsResponse(Message, versions=(0, 0), flexible_from=0):
    throttle_time_ms: int32 = 0
    results: list[AlterUserScramCredentialsResult] = []


class AlterUserScramCredentialsResult(Message):
    user: string = ""
    error_code: int16 = 0
    error_message: string | None = ""
