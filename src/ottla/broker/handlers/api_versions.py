"""ApiVersions (key 18), versions 0–4: which APIs and versions this broker serves, and which features are on.

From version 3 on a client says its software's name and version; other characters than Apache Kafka allows are answered
INVALID_REQUEST. A version that we do not know is answered in version 0's layout with UNSUPPORTED_VERSION and this API's
own range alone (KIP-511); `dispatch` does that, because the request's body cannot be read.
A feature at level 0 is off, and not among the finalized ones.

Deviations: only the features of what is served are announced: `metadata.version`, `group.version` and
`transaction.version`.
"""

import re
from collections.abc import Iterator

from ottla.broker.call import Call
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.features import SUPPORTED, level_of
from ottla.cluster.image import ClusterImage
from ottla.core.errors import ErrorCode
from ottla.wire.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from ottla.wire.registry import Api

_ZERO_MINIMUM_SINCE = 4
"""Older clients cannot read a feature whose oldest level is 0 (KAFKA-17492): they are not told that it is supported."""

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?")
_ADVERTISED_MINIMUM = {0: 0}
"""Produce: librdkafka up to 2.11.0 stops compressing when the range does not begin at 0. 0–2 are not served."""


async def api_versions(
    served: list[Api], cluster: Cluster, request: ApiVersionsRequest, call: Call
) -> ApiVersionsResponse:
    """The table of what is served, or why the client's introduction is refused."""
    if call.version >= 3 and not _introduced(request):
        return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST)
    return ApiVersionsResponse(
        api_keys=_version_table(served),
        supported_features=[
            SupportedFeatureKey(name=name, min_version=levels.oldest, max_version=levels.newest)
            for name, levels in SUPPORTED.items()
            if levels.oldest > 0 or call.version >= _ZERO_MINIMUM_SINCE
        ],
        finalized_features_epoch=max(cluster.image.revision, 1),
        finalized_features=list(_finalized(cluster.image)),
    )


def _finalized(image: ClusterImage) -> Iterator[FinalizedFeatureKey]:
    for name in SUPPORTED:
        level = level_of(image, name)
        if level > 0:
            yield FinalizedFeatureKey(name=name, max_version_level=level, min_version_level=level)


def _version_table(served: list[Api]) -> list[ApiVersion]:
    """The ranges to advertise, by API key."""
    return [
        ApiVersion(
            api_key=api.key,
            min_version=_ADVERTISED_MINIMUM.get(api.key, api.min_version),
            max_version=api.max_version,
        )
        for api in sorted(served, key=lambda api: api.key)
    ]


def _introduced(request: ApiVersionsRequest) -> bool:
    texts = (request.client_software_name, request.client_software_version)
    return all(_SOFTWARE.fullmatch(text) for text in texts)
