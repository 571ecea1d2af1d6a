"""Which function answers which API, with what it needs bound to it. What is not here is not advertised.

A handler's module is named as its function. It is imported with its API's first request, so that a broker starts fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from ottla.broker.appending import Appending
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.dispatch import Handler, MakeHandler
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partitions import Partitions
from ottla.broker.producer_ids import ProducerIds
from ottla.broker.record_deletion import RecordDeletion
from ottla.broker.sessions import FetchSessions
from ottla.broker.traffic import Traffic
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_gate import CoordinatorsGate
from ottla.broker.transaction_markers import Markers
from ottla.cluster.cluster import Cluster
from ottla.core.clock import Clock
from ottla.wire.registry import Api, api_named, snake_case


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers are made of."""

    config: BrokerConfig
    cluster: Cluster
    partitions: Partitions
    log_dirs: LogDirs
    record_deletion: RecordDeletion
    appending: Appending
    sessions: FetchSessions
    groups: GroupCoordinators
    transactions: TransactionCoordinators
    markers: Markers
    gate: CoordinatorsGate
    traffic: Traffic
    clock: Clock


def routes(services: Services) -> Mapping[int, MakeHandler]:
    """API key to handler."""
    table = {**_records(services), **_cluster(services), **_groups(services), **_transactions(services)}
    served = [api_named(name) for name in (*table, "ApiVersions")]
    table["ApiVersions"] = (served, services.cluster)
    return {api.key: partial(_handler, api, table[api.name]) for api in served}


def _handler(api: Api, needs: tuple[object, ...]) -> Handler:
    """Import the API's handler and bind what it needs."""
    name = snake_case(api.name)
    function = getattr(import_module(f"ottla.broker.handlers.{name}"), name)
    return partial(function, *needs)


def _records(services: Services) -> dict[str, tuple[object, ...]]:
    """What moves records."""
    partitions = services.partitions
    max_bytes = services.config.integer("fetch.max.bytes")
    return {
        "Produce": (partitions, services.appending),
        "Fetch": (partitions, services.sessions, services.traffic, services.clock, max_bytes),
        "ListOffsets": (partitions,),
        "OffsetForLeaderEpoch": (partitions,),
        "DescribeProducers": (partitions,),
    }


def _cluster(services: Services) -> dict[str, tuple[object, ...]]:
    """What asks about the cluster, or changes it."""
    cluster, config = services.cluster, services.config
    return {
        "Metadata": (cluster, config),
        "DescribeCluster": (cluster, config),
        "DescribeTopicPartitions": (cluster, config),
        "CreateTopics": (cluster, config),
        "DeleteTopics": (cluster, config),
        "CreatePartitions": (cluster,),
        "DeleteRecords": (cluster, config, services.record_deletion),
        "DescribeConfigs": (cluster, config),
        "AlterConfigs": (cluster, config),
        "IncrementalAlterConfigs": (cluster, config),
        "ListConfigResources": (cluster,),
        "DescribeLogDirs": (services.partitions, services.log_dirs),
        "UpdateFeatures": (cluster,),
    }


def _groups(services: Services) -> dict[str, tuple[object, ...]]:
    """What consumer groups ask."""
    cluster, groups = services.cluster, services.groups
    return {
        "FindCoordinator": (cluster, groups, services.transactions),
        "JoinGroup": (groups,),
        "SyncGroup": (groups,),
        "Heartbeat": (groups,),
        "LeaveGroup": (groups,),
        "OffsetCommit": (cluster, groups),
        "OffsetFetch": (cluster, groups),
        "OffsetDelete": (cluster, groups),
        "ListGroups": (groups,),
        "DescribeGroups": (groups,),
        "DeleteGroups": (groups,),
        "ConsumerGroupHeartbeat": (groups,),
        "ConsumerGroupDescribe": (groups,),
    }


def _transactions(services: Services) -> dict[str, tuple[object, ...]]:
    """What producers ask, and those who look after them."""
    cluster, groups, transactions = services.cluster, services.groups, services.transactions
    producer_ids = ProducerIds(cluster)
    return {
        "InitProducerId": (producer_ids, transactions),
        "AddPartitionsToTxn": (cluster, transactions),
        "AddOffsetsToTxn": (groups, transactions),
        "EndTxn": (producer_ids, transactions),
        "WriteTxnMarkers": (services.markers,),
        "TxnOffsetCommit": (cluster, groups, services.gate),
        "DescribeTransactions": (transactions,),
        "ListTransactions": (transactions,),
    }
