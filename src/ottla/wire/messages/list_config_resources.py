"""ListConfigResources (key 74): the names of resources that have configs (KIP-1142).

v0 knew only client metrics (KIP-714).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int8, int16, int32, since, string


class ListConfigResourcesRequest(Message, versions=(0, 1), flexible_from=0):
    resource_types: Annotated[list[int8], since(1)] = []


class ListConfigResourcesResponse(Message, versions=(0, 1), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    config_resources: list[ConfigResource] = []


class ConfigResource(Message):
    resource_name: string = ""
    resource_type: Annotated[int8, since(1), ignorable] = 16
