"""DeleteGroups (key 42): remove groups without members, with their offsets (KIP-229)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import int16, int32, string


class DeleteGroupsRequest(Message, versions=(0, 2), flexible_from=2):
    groups_names: list[string] = []


class DeleteGroupsResponse(Message, versions=(0, 2), flexible_from=2):
    throttle_time_ms: int32 = 0
    results: list[DeletableGroupResult] = []


class DeletableGroupResult(Message):
    group_id: string = ""
    error_code: int16 = 0
