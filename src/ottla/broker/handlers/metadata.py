"""Metadata (key 3), versions 0 to 13: brokers, topics, and who leads their partitions.

No list of topics (1+), or an empty one in version 0, means all of them; an empty list (1+) means none:
«brokers only». Topics are named, or given by id (12+; in 10 and 11 that makes the request an INVALID_REQUEST). A topic
that does not exist is created when the client allows it (4+; before, it always does) and
auto.create.topics.enable does; internal topics never are. Brokers are told with the address that they
advertise on the client's listener or, where none is configured, with the one that the client dialled. The
controller is any live broker: this one.

Deviations: a topic that is created by the request is answered at once, not with an error to try again;
names and ids may stand side by side in one request, where Apache Kafka passes over the names; a topic with
neither is an INVALID_REQUEST, not an UNKNOWN_SERVER_ERROR.
"""

import asyncio

from ottla.broker.addresses import addresses
from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.leaders import Leadership
from ottla.broker.operations import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS
from ottla.broker.topic_creation import make_topics
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.names import INTERNAL_TOPICS, METADATA_TOPIC, check_topic_name
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import TopicImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.create_topics import CreatableTopic
from ottla.wire.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

TOPIC_IDS_SINCE = 12
PARTITIONS_PER_PAUSE = 500
"""How many are answered for before others get their turn: about 2 ms."""


async def metadata(
    cluster: Cluster, config: BrokerConfig, request: MetadataRequest, call: Call
) -> MetadataResponse:
    """The cluster as of now, after creating what is to be created."""
    if call.version < TOPIC_IDS_SINCE and any(map(_by_id, request.topics or ())):
        return _refused(request)
    operations = TOPIC_OPERATIONS if request.include_topic_authorized_operations else NOT_ASKED
    if request.topics is None or (call.version == 0 and not request.topics):
        image = cluster.image
        topics = await _all(image, Leadership(image, call.listener))
    else:
        failures = await _create_missing(cluster, config, request, call.version)
        image = cluster.image
        asked = {(one.name, one.topic_id): one for one in request.topics}
        leadership = Leadership(image, call.listener)
        topics = [_topic(image, leadership, one, failures) for one in asked.values()]
    for topic in topics:
        topic.topic_authorized_operations = operations
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(node_id=one.id, host=one.host, port=one.port, rack=one.rack)
            for one in addresses(image, call)
            if not one.fenced
        ],
        cluster_id=image.cluster_id,
        controller_id=config.node_id,
        topics=topics,
        cluster_authorized_operations=(
            CLUSTER_OPERATIONS if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _by_id(asked: MetadataRequestTopic) -> bool:
    return asked.name is None or asked.topic_id != ZERO_UUID


def _refused(request: MetadataRequest) -> MetadataResponse:
    """Names and ids in a version that has only names: nothing is answered."""
    return MetadataResponse(topics=[_invalid(one) for one in request.topics or ()])


def _invalid(asked: MetadataRequestTopic) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=ErrorCode.INVALID_REQUEST, name=asked.name or "", topic_id=asked.topic_id
    )


async def _all(image: ClusterImage, leadership: Leadership) -> list[MetadataResponseTopic]:
    """All topics, with pauses for others between them: ten thousand take longer than the loop may be held."""
    topics = []
    partitions = 0
    for name in sorted(image.topics):
        topics.append(_found(leadership, image.topics[name]))
        partitions += len(topics[-1].partitions)
        if partitions > PARTITIONS_PER_PAUSE:
            partitions = 0
            await asyncio.sleep(0)
    return topics


async def _create_missing(
    cluster: Cluster, config: BrokerConfig, request: MetadataRequest, version: int
) -> dict[str, ErrorCode]:
    """Create the topics that are to be created; the reason for each that could not be."""
    allowed = request.allow_auto_topic_creation or version < 4
    if not allowed or not config.boolean("auto.create.topics.enable"):
        return {}
    names = {one.name for one in request.topics or () if one.name and one.topic_id == ZERO_UUID}
    missing = sorted(name for name in names if _may_be_created(cluster.image, name))
    if not missing:
        return {}
    wanted = [CreatableTopic(name=name, num_partitions=-1, replication_factor=-1) for name in missing]
    creations = await make_topics(cluster, config, wanted)
    return {creation.name: creation.verdict.code for creation in creations if not creation.verdict.ok}


def _may_be_created(image: ClusterImage, name: str) -> bool:
    reserved = name in INTERNAL_TOPICS or name == METADATA_TOPIC
    return name not in image.topics and not reserved and _name_error(name) is None


def _name_error(name: str) -> ErrorCode | None:
    try:
        check_topic_name(name)
    except KafkaError as error:
        return error.code
    return None


def _topic(
    image: ClusterImage,
    leadership: Leadership,
    asked: MetadataRequestTopic,
    failures: dict[str, ErrorCode],
) -> MetadataResponseTopic:
    by_id = asked.topic_id != ZERO_UUID
    if asked.name is None and not by_id:
        return _invalid(asked)
    if by_id:
        found = image.topic_by_id(asked.topic_id)
        if found is None:
            unknown = ErrorCode.UNKNOWN_TOPIC_ID
            return MetadataResponseTopic(error_code=unknown, name=None, topic_id=asked.topic_id)
        return _found(leadership, found)
    name = asked.name or ""
    topic = image.topics.get(name)
    if topic is not None:
        return _found(leadership, topic)
    code = _name_error(name) or failures.get(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return MetadataResponseTopic(error_code=code, name=name, is_internal=name in INTERNAL_TOPICS)


def _found(leadership: Leadership, topic: TopicImage) -> MetadataResponseTopic:
    partitions = []
    for index, partition in enumerate(topic.partitions):
        leader, error, offline = leadership.of(partition)
        partitions.append(
            MetadataResponsePartition(
                error_code=error,
                partition_index=index,
                leader_id=leader,
                leader_epoch=partition.leader_epoch,
                replica_nodes=list(partition.replicas),
                isr_nodes=list(partition.in_sync),
                offline_replicas=offline,
            )
        )
    return MetadataResponseTopic(
        name=topic.name, topic_id=topic.id, is_internal=topic.name in INTERNAL_TOPICS, partitions=partitions
    )
