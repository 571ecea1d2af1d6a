"""AlterConfigs (key 33): replace all configs of a resource at once (KIP-133). See
`incremental_alter_configs`.
"""

from __future__ import annotations

from ottla.wire.schema import Message
from ottla.wire.types import boolean, int8, int16, int32, string


class AlterConfigsRequest(Message, versions=(0, 2), flexible_from=2):
    resources: list[AlterConfigsResource] = []
    validate_only: boolean = False


class AlterConfigsResource(Message):
    resource_type: int8 = 0
    resource_name: string = ""
    configs: list[AlterableConfig] = []


class AlterableConfig(Message):
    name: string = ""
    value: string | None = ""


class AlterConfigsResponse(Message, versions=(0, 2), flexible_from=2):
    throttle_time_ms: int32 = 0
    responses: list[AlterConfigsResourceResponse] = []


class AlterConfigsResourceResponse(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    resource_type: int8 = 0
    resource_name: string = ""
