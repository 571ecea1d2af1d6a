"""DescribeConfigs (key 32): the configs of topics, brokers and other resources (KIP-133).

Each with its source and synonyms since v1 (KIP-226), type and documentation since v3 (KIP-569).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int8, int16, int32, since, string


class DescribeConfigsRequest(Message, versions=(1, 4), flexible_from=4):
    resources: list[DescribeConfigsResource] = []
    include_synonyms: boolean = False
    include_documentation: Annotated[boolean, since(3)] = False


class DescribeConfigsResource(Message):
    resource_type: int8 = 0
    resource_name: string = ""
    configuration_keys: list[string] | None = []


class DescribeConfigsResponse(Message, versions=(1, 4), flexible_from=4):
    throttle_time_ms: int32 = 0
    results: list[DescribeConfigsResult] = []


class DescribeConfigsResult(Message):
    error_code: int16 = 0
    error_message: string | None = ""
    resource_type: int8 = 0
    resource_name: string = ""
    configs: list[DescribeConfigsResourceResult] = []


class DescribeConfigsResourceResult(Message):
    name: string = ""
    value: string | None = ""
    read_only: boolean = False
    config_source: int8 = -1
    is_sensitive: boolean = False
    synonyms: list[DescribeConfigsSynonym] = []
    config_type: Annotated[int8, since(3), ignorable] = 0
    documentation: Annotated[string | None, since(3), ignorable] = ""


class DescribeConfigsSynonym(Message):
    name: string = ""
    value: string | None = ""
    source: int8 = 0
