"""ListConfigResources (key 74), versions 0 to 1: which resources have configs (KIP-1142).

Version 0 knows client metrics only, of which there are none here. Version 1 lists topics and brokers, of
the types asked for or of all; a type that is no type is answered with UNSUPPORTED_VERSION, as in Apache
Kafka.

Deviations: broker loggers are not listed, for they have no configs here.
"""

from ottla.broker.call import Call
from ottla.broker.config.resources import ResourceKind
from ottla.cluster.cluster import Cluster
from ottla.core.errors import ErrorCode
from ottla.wire.messages.list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)


async def list_config_resources(
    cluster: Cluster, request: ListConfigResourcesRequest, call: Call
) -> ListConfigResourcesResponse:
    """Brokers by id, then topics by name."""
    kinds = {int(ResourceKind.CLIENT_METRICS)} if call.version == 0 else set(request.resource_types)
    if not kinds <= set(ResourceKind):
        return ListConfigResourcesResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    names: list[tuple[str, ResourceKind]] = []
    if not kinds or ResourceKind.BROKER in kinds:
        names += [(str(broker), ResourceKind.BROKER) for broker in sorted(cluster.image.brokers)]
    if not kinds or ResourceKind.TOPIC in kinds:
        names += [(topic, ResourceKind.TOPIC) for topic in sorted(cluster.image.topics)]
    return ListConfigResourcesResponse(
        config_resources=[ConfigResource(resource_name=name, resource_type=kind) for name, kind in names]
    )
