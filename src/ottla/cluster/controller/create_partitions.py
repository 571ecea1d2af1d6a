"""CreatePartitions: a topic grows, never shrinks."""

from collections import Counter
from dataclasses import replace

from ottla.cluster import keys
from ottla.cluster.controller.assignments import check_assignment
from ottla.cluster.controller.decision import OK, Decision, Verdict
from ottla.cluster.encoding import encode_topic
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.cluster.placement import place
from ottla.cluster.store import Put
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import MAX_NEW_PARTITIONS
from ottla.wire.messages.create_partitions import CreatePartitionsTopic

Growth = tuple[str, Verdict]


def create_partitions(image: ClusterImage, topics: list[CreatePartitionsTopic]) -> Decision[list[Growth]]:
    """One verdict for each name, in the order of the request."""
    counts = Counter(topic.name for topic in topics)
    budget = MAX_NEW_PARTITIONS
    writes: list[Put] = []
    growths: list[Growth] = []
    for name in counts:
        topic = next(topic for topic in topics if topic.name == name)
        try:
            if counts[name] > 1:
                raise KafkaError(
                    ErrorCode.INVALID_REQUEST, f"topic {name!r} is in the request {counts[name]} times"
                )
            grown = _grow(image, topic, budget)
            budget -= len(grown.partitions) - len(image.topics[name].partitions)
            writes.append(Put(keys.topic(name), encode_topic(grown)))
            growths.append((name, OK))
        except KafkaError as error:
            growths.append((name, Verdict(error.code, error.message or None)))
    return Decision(tuple(writes), growths)


def _count(partitions: int) -> str:
    return "1 partition" if partitions == 1 else f"{partitions} partitions"


def _grow(image: ClusterImage, wanted: CreatePartitionsTopic, budget: int) -> TopicImage:
    topic = image.topics.get(wanted.name)
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {wanted.name!r}")
    present = len(topic.partitions)
    added = wanted.count - present
    if added <= 0:
        message = f"topic {wanted.name!r} has {_count(present)}, and {wanted.count} would not be more"
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, message)
    if added > budget:
        message = f"one request creates at most {MAX_NEW_PARTITIONS} partitions"
        raise KafkaError(ErrorCode.POLICY_VIOLATION, message)
    factor = len(topic.partitions[0].replicas)
    if wanted.assignments is None:
        assignment = place(image.brokers.values(), added, factor, image.revision + present)
    else:
        assignment = [tuple(one.broker_ids) for one in wanted.assignments]
        if len(assignment) != added:
            message = f"{added} partitions are new and {len(assignment)} are assigned"
            raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
        for replicas in assignment:
            check_assignment(image, replicas, factor)
    new = (PartitionImage(replicas[0], 0, 0, replicas, replicas) for replicas in assignment)
    return replace(topic, partitions=(*topic.partitions, *new))
