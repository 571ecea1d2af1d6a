"""AlterClientQuotas (key 49): set or remove quotas of users, client ids and addresses (KIP-546).

Request and response each have their own idea of an entry; hence the two prefixed names.
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import boolean, float64, int16, int32, string


class AlterClientQuotasRequest(Message, versions=(0, 1), flexible_from=1):
    entries: list[RequestEntryData] = []
    validate_only: boolean = False


class RequestEntryData(Message):
    entity: list[EntityData] = []
    ops: list[OpData] = []


class EntityData(Message):
    entity_type: string = ""
    entity_name: string | None = ""


class OpData(Message):
    key: string = ""
    value: float64 = 0.0
    remove: boolean = False


class AlterClientQuotasResponse(Message, versions=(0, 1), flexible_from=1):
    throttle_time_ms: int32 = 0
    entries: list[ResponseEntryData] = []


class ResponseEntryData(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    entity: list[EntityData] = []
