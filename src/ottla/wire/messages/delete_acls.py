"""DeleteAcls (key 31): remove the access rules that match filters, and say which they were (KIP-140).

Prefixed patterns since v1 (KIP-290), users as a kind of resource since v3 (KIP-373).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int8, int16, int32, string


class DeleteAclsRequest(Message, versions=(1, 3), flexible_from=2):
    filters: list[DeleteAclsFilter] = []


class DeleteAclsFilter(Message):
    resource_type_filter: int8 = 0
    resource_name_filter: string | None = ""
    pattern_type_filter: int8 = 3
    principal_filter: string | None = ""
    host_filter: string | None = ""
    operation: int8 = 0
    permission_type: int8 = 0


class DeleteAclsResponse(Message, versions=(1, 3), flexible_from=2):
    throttle_time_ms: int32 = 0
    filter_results: list[DeleteAclsFilterResult] = []


class DeleteAclsFilterResult(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    matching_acls: list[DeleteAclsMatchingAcl] = []


class DeleteAclsMatchingAcl(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    resource_type: int8 = 0
    resource_name: string = ""
    pattern_type: int8 = 3
    principal: string = ""
    host: string = ""
    operation: int8 = 0
    permission_type: int8 = 0
