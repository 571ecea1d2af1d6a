"""CreateAcls (key 30): new access rules (KIP-140).

Prefixed patterns since v1 (KIP-290), users as a kind of resource since v3 (KIP-373).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int8, int16, int32, string


class CreateAclsRequest(Message, versions=(1, 3), flexible_from=2):
    creations: list[AclCreation] = []


class AclCreation(Message):
    resource_type: int8 = 0
    resource_name: string = ""
    resource_pattern_type: int8 = 3
    principal: string = ""
    host: string = ""
    operation: int8 = 0
    permission_type: int8 = 0


class CreateAclsResponse(Message, versions=(1, 3), flexible_from=2):
    throttle_time_ms: int32 = 0
    results: list[AclCreationResult] = []


class AclCreationResult(Message):
    error_code: int16 = 0
    error_message: string | None = ""
