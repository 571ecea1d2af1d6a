"""ApiVersions (key 18): which APIs and versions a broker speaks, and its features; the first thing clients
ask.

The client says what software it is since v3 (KIP-511); features travel in tagged fields (KIP-584). The
reply's header never has a tagged section, so that any client can read it.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int16, int32, int64, since, string, tagged


class ApiVersionsRequest(Message, versions=(0, 4), flexible_from=3):
    client_software_name: Annotated[string, since(3), ignorable] = ""
    client_software_version: Annotated[string, since(3), ignorable] = ""


class ApiVersionsResponse(Message, versions=(0, 4), flexible_from=3):
    error_code: int16 = 0
    api_keys: list[ApiVersion] = []
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    supported_features: Annotated[list[SupportedFeatureKey], since(3), tagged(0), ignorable] = []
    finalized_features_epoch: Annotated[int64, since(3), tagged(1), ignorable] = -1
    finalized_features: Annotated[list[FinalizedFeatureKey], since(3), tagged(2), ignorable] = []
    zk_migration_ready: Annotated[boolean, since(3), tagged(3), ignorable] = False


class ApiVersion(Message):
    api_key: int16 = 0
    min_version: int16 = 0
    max_version: int16 = 0


class SupportedFeatureKey(Message):
    name: string = ""
    min_version: int16 = 0
    max_version: int16 = 0


class FinalizedFeatureKey(Message):
    name: string = ""
    max_version_level: int16 = 0
    min_version_level: int16 = 0
