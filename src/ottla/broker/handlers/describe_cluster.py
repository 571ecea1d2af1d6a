"""DescribeCluster (key 60), versions 0 to 2: the cluster's id and its brokers, as this client may reach them
(KIP-700).

Endpoint type 2 (1+) asks for controllers, which are not separate here: MISMATCHED_ENDPOINT_TYPE, as from
any Apache Kafka broker. Fenced brokers are told when asked for (2+). The controller is any live broker:
this one.

Deviations: none.
"""

from ottla.broker.addresses import addresses
from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.operations import CLUSTER_OPERATIONS, NOT_ASKED
from ottla.cluster.cluster import Cluster
from ottla.core.errors import ErrorCode
from ottla.wire.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)

BROKERS, CONTROLLERS = 1, 2


async def describe_cluster(
    cluster: Cluster, config: BrokerConfig, request: DescribeClusterRequest, call: Call
) -> DescribeClusterResponse:
    """The whole cluster."""
    if request.endpoint_type != BROKERS:
        return _wrong_endpoint(request.endpoint_type)
    brokers = [
        DescribeClusterBroker(
            broker_id=one.id, host=one.host, port=one.port, rack=one.rack, is_fenced=one.fenced
        )
        for one in addresses(cluster.image, call)
        if not one.fenced or request.include_fenced_brokers
    ]
    return DescribeClusterResponse(
        cluster_id=cluster.image.cluster_id,
        controller_id=config.node_id,
        brokers=brokers,
        cluster_authorized_operations=(
            CLUSTER_OPERATIONS if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _wrong_endpoint(endpoint_type: int) -> DescribeClusterResponse:
    if endpoint_type == CONTROLLERS:
        code, message = ErrorCode.MISMATCHED_ENDPOINT_TYPE, "this is a broker, and controllers were asked for"
    else:
        code, message = ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, f"there are no endpoints of type {endpoint_type}"
    return DescribeClusterResponse(error_code=code, error_message=message)
