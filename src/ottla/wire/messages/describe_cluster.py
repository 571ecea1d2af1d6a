"""DescribeCluster (key 60): cluster id, controller and brokers (KIP-700).

Since v1 controllers can be asked for instead (KIP-919), since v2 fenced brokers are shown on demand
(KIP-1073).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import boolean, int8, int16, int32, since, string


class DescribeClusterRequest(Message, versions=(0, 2), flexible_from=0):
    include_cluster_authorized_operations: boolean = False
    endpoint_type: Annotated[int8, since(1)] = 1
    include_fenced_brokers: Annotated[boolean, since(2)] = False


class DescribeClusterResponse(Message, versions=(0, 2), flexible_from=0):
    throttle_time_ms: int32 = 0
    error_code: int16 = 0
    error_message: string | None = None
    endpoint_type: Annotated[int8, since(1)] = 1
    cluster_id: string = ""
    controller_id: int32 = -1
    brokers: list[DescribeClusterBroker] = []
    cluster_authorized_operations: int32 = -2147483648


class DescribeClusterBroker(Message):
    broker_id: int32 = 0
    host: string = ""
    port: int32 = 0
    rack: string | None = None
    is_fenced: Annotated[boolean, since(2)] = False
