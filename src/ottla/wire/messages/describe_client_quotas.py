"""DescribeClientQuotas (key 48): the quotas of users, client ids and addresses that match a filter
(KIP-546).
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import boolean, float64, int8, int16, int32, string


class DescribeClientQuotasRequest(Message, versions=(0, 1), flexible_from=1):
    components: list[ComponentData] = []
    strict: boolean = False


class ComponentData(Message):
    entity_type: string = ""
    match_type: int8 = 0
    match: string | None = ""


class DescribeClientQuotasResponse(Message, versions=(0, 1), flexible_from=1):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
    entries: list[EntryData] | None = []


class EntryData(Message):
    entity: list[EntityData] = []
    values: list[ValueData] = []


class EntityData(Message):
    entity_type: string = ""
    entity_name: string | None = ""


class ValueData(Message):
    key: string = ""
    value: float64 = 0.0
