"""UpdateFeatures (key 57), versions 0–2: raise or lower a feature's finalized level (KIP-584, KIP-778, KIP-1022).

One update that is not possible refuses all of them; since version 2 the answer has no results for each. Version 0's way
to allow a downgrade is not heeded, as in Apache Kafka 4.2.

Deviations: only the features of what is served can be set; others are answered as ones that nobody knows.
"""

from ottla.broker.call import Call
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.features import FeatureUpdate
from ottla.cluster.controller.features import update_features as decide
from ottla.core.errors import KafkaError
from ottla.wire.messages.update_features import (
    UpdatableFeatureResult,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)


async def update_features(
    cluster: Cluster, request: UpdateFeaturesRequest, call: Call
) -> UpdateFeaturesResponse:
    """All of them, or none."""
    updates = [
        FeatureUpdate(each.feature, each.max_version_level, each.upgrade_type)
        for each in request.feature_updates
    ]
    try:
        await cluster.change(lambda image: decide(image, updates, validate_only=request.validate_only))
    except KafkaError as error:
        return UpdateFeaturesResponse(error_code=error.code, error_message=error.message)
    results = [
        UpdatableFeatureResult(feature=name, error_message="NONE")
        for name in sorted(update.feature for update in updates)
    ]
    return UpdateFeaturesResponse(error_message=None, results=results)
