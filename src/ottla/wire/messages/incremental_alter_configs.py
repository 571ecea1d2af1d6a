"""IncrementalAlterConfigs (key 44): set, delete, append to or subtract from single configs (KIP-339)."""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import boolean, int8, int16, int32, string


class IncrementalAlterConfigsRequest(Message, versions=(0, 1), flexible_from=1):
    resources: list[AlterConfigsResource] = []
    validate_only: boolean = False


class AlterConfigsResource(Message):
    resource_type: int8 = 0
    resource_name: string = ""
    configs: list[AlterableConfig] = []


class AlterableConfig(Message):
    name: string = ""
    config_operation: int8 = 0
    value: string | None = ""


class IncrementalAlterConfigsResponse(Message, versions=(0, 1), flexible_from=1):
    throttle_time_ms: int32 = 0
    responses: list[AlterConfigsResourceResponse] = []


class AlterConfigsResourceResponse(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    resource_type: int8 = 0
    resource_name: string = ""
