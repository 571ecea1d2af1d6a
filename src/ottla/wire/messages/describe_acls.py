"""DescribeAcls (key 29): the access rules that match a filter (KIP-140).

Prefixed patterns since v1 (KIP-290), users as a kind of resource since v3 (KIP-373).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int8, int16, int32, string


class DescribeAclsRequest(Message, versions=(1, 3), flexible_from=2):
    resource_type_filter: int8 = 0
    resource_name_filter: string | None = ""
    pattern_type_filter: int8 = 3
    principal_filter: string | None = ""
    host_filter: string | None = ""
    operation: int8 = 0
    permission_type: int8 = 0


class DescribeAclsResponse(Message, versions=(1, 3), flexible_from=2):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
    resources: list[DescribeAclsResource] = []


class DescribeAclsResource(Message):
    resource_type: int8 = 0
    resource_name: string = ""
    pattern_type: int8 = 3
    acls: list[AclDescription] = []


class AclDescription(Message):
    principal: string = ""
    host: string = ""
    operation: int8 = 0
    permission_type: int8 = 0
