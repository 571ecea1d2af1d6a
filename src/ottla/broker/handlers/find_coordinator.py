"""FindCoordinator (key 10), versions 0–6: the broker that coordinates a group, or a transactional id.

One key up to version 3, several since 4 (KIP-699). The first question makes the internal topic, `__consumer_offsets` or
`__transaction_state`, and is answered when it is there.

Deviations: share groups (type 2) are answered COORDINATOR_NOT_AVAILABLE until they are served; Apache Kafka lets the
first question fail while the topic is being made.
"""

from typing import Any

from ottla.broker.addresses import BrokerAddress, addresses
from ottla.broker.call import Call
from ottla.broker.coordinators import Coordinators
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.cluster.cluster import Cluster
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse

GROUP, TRANSACTION, SHARE = 0, 1, 2
KEYS_SINCE = 4
SHARE_SINCE = 6
NO_ERROR = "NONE"
"""What Apache Kafka tells old clients when there is nothing to tell."""


async def find_coordinator(
    cluster: Cluster,
    groups: GroupCoordinators,
    transactions: TransactionCoordinators,
    request: FindCoordinatorRequest,
    call: Call,
) -> FindCoordinatorResponse:
    """One answer for each key."""
    served: dict[int, Coordinators[Any]] = {GROUP: groups, TRANSACTION: transactions}
    coordinators = served.get(request.key_type)
    keys = request.coordinator_keys if call.version >= KEYS_SINCE else [request.key]
    found = [await _find(cluster, coordinators, request.key_type, key, call) for key in keys]
    if call.version >= KEYS_SINCE:
        return FindCoordinatorResponse(coordinators=found)
    return FindCoordinatorResponse(
        error_code=found[0].error_code,
        error_message=found[0].error_message or NO_ERROR,
        node_id=found[0].node_id,
        host=found[0].host,
        port=found[0].port,
    )


async def _find(
    cluster: Cluster, coordinators: Coordinators[Any] | None, kind: int, key: str, call: Call
) -> Coordinator:
    if kind not in (GROUP, TRANSACTION, SHARE) or (kind == SHARE and call.version < SHARE_SINCE):
        return _none(key, KafkaError(ErrorCode.INVALID_REQUEST, f"There is no coordinator of type {kind}."))
    if coordinators is None:
        reason = "Share groups are not served yet."
        return _none(key, KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, reason))
    try:
        await coordinators.make_topic()
    except KafkaError as error:
        return _none(key, KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, error.message))
    return _at(key, addresses(cluster.image, call)[0])


def _at(key: str, broker: BrokerAddress) -> Coordinator:
    return Coordinator(key=key, node_id=broker.id, host=broker.host, port=broker.port)


def _none(key: str, error: KafkaError) -> Coordinator:
    return Coordinator(key=key, node_id=-1, port=-1, error_code=error.code, error_message=error.message)
