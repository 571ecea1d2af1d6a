"""UpdateFeatures (key 57): raise or lower the cluster's feature levels (KIP-584).

Kinds of downgrade and a dry run since v1 (KIP-778); v2 answers for all features at once (KIP-1022).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, ignorable, int8, int16, int32, since, string, until


class UpdateFeaturesRequest(Message, versions=(0, 2), flexible_from=0):
    timeout_ms: int32 = 60000
    feature_updates: list[FeatureUpdateKey] = []
    validate_only: Annotated[boolean, since(1)] = False


class FeatureUpdateKey(Message):
    feature: string = ""
    max_version_level: int16 = 0
    allow_downgrade: Annotated[boolean, until(0)] = False
    upgrade_type: Annotated[int8, since(1)] = 1


class UpdateFeaturesResponse(Message, versions=(0, 2), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
    results: Annotated[list[UpdatableFeatureResult], until(1), ignorable] = []


class UpdatableFeatureResult(Message):
    feature: string = ""
    error_code: int16 = 0
    error_message: string | None = ""
