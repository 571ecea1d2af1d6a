"""Which function answers which API, with what it needs bound to it. What is not here is not advertised."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ottla.broker.appending import Appending
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.dispatch import Handler
from ottla.broker.handlers.alter_configs import alter_configs
from ottla.broker.handlers.api_versions import api_versions, version_table
from ottla.broker.handlers.create_partitions import create_partitions
from ottla.broker.handlers.create_topics import create_topics
from ottla.broker.handlers.delete_records import delete_records
from ottla.broker.handlers.delete_topics import delete_topics
from ottla.broker.handlers.describe_cluster import describe_cluster
from ottla.broker.handlers.describe_configs import describe_configs
from ottla.broker.handlers.describe_log_dirs import describe_log_dirs
from ottla.broker.handlers.describe_topic_partitions import describe_topic_partitions
from ottla.broker.handlers.fetch import fetch
from ottla.broker.handlers.incremental_alter_configs import incremental_alter_configs
from ottla.broker.handlers.init_producer_id import init_producer_id
from ottla.broker.handlers.list_config_resources import list_config_resources
from ottla.broker.handlers.list_offsets import list_offsets
from ottla.broker.handlers.metadata import metadata
from ottla.broker.handlers.offset_for_leader_epoch import offset_for_leader_epoch
from ottla.broker.handlers.produce import produce
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partitions import Partitions
from ottla.broker.producer_ids import ProducerIds
from ottla.broker.record_deletion import RecordDeletion
from ottla.broker.sessions import FetchSessions
from ottla.broker.traffic import Traffic
from ottla.cluster.cluster import Cluster
from ottla.core.clock import Clock
from ottla.wire.registry import api, api_named


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
    traffic: Traffic
    clock: Clock


def routes(services: Services) -> Mapping[int, Handler]:
    """API key to handler."""
    by_name = {**_records(services), **_cluster(services)}
    handlers = {api_named(name).key: handler for name, handler in by_name.items()}
    versions = api_named("ApiVersions")
    table = version_table([versions, *map(api, handlers)])
    return {**handlers, versions.key: partial(api_versions, table)}


def _records(services: Services) -> dict[str, Handler]:
    """What moves records."""
    partitions = services.partitions
    max_bytes = services.config.integer("fetch.max.bytes")
    return {
        "Produce": partial(produce, partitions, services.appending),
        "Fetch": partial(fetch, partitions, services.sessions, services.traffic, services.clock, max_bytes),
        "ListOffsets": partial(list_offsets, partitions),
        "OffsetForLeaderEpoch": partial(offset_for_leader_epoch, partitions),
        "InitProducerId": partial(init_producer_id, ProducerIds(services.cluster)),
    }


def _cluster(services: Services) -> dict[str, Handler]:
    """What asks about the cluster, or changes it."""
    cluster, config = services.cluster, services.config
    return {
        "Metadata": partial(metadata, cluster, config),
        "DescribeCluster": partial(describe_cluster, cluster, config),
        "DescribeTopicPartitions": partial(describe_topic_partitions, cluster, config),
        "CreateTopics": partial(create_topics, cluster, config),
        "DeleteTopics": partial(delete_topics, cluster, config),
        "CreatePartitions": partial(create_partitions, cluster),
        "DeleteRecords": partial(delete_records, cluster, config, services.record_deletion),
        "DescribeConfigs": partial(describe_configs, cluster, config),
        "AlterConfigs": partial(alter_configs, cluster, config),
        "IncrementalAlterConfigs": partial(incremental_alter_configs, cluster, config),
        "ListConfigResources": partial(list_config_resources, cluster),
        "DescribeLogDirs": partial(describe_log_dirs, services.log_dirs),
    }
