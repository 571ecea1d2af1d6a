"""CreateTopics: which topics come to be, with which partitions, replicas and configs.

Checked in Apache Kafka's order: the name, then configs, then partitions, replicas and assignments. One bad
topic does not hold up the others.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ottla.cluster import keys
from ottla.cluster.controller.assignments import check_assignment
from ottla.cluster.controller.decision import OK, Decision, Verdict
from ottla.cluster.controller.names import check_new_topic
from ottla.cluster.controller.rules import ConfigRules
from ottla.cluster.encoding import encode_configs, encode_topic
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.cluster.placement import place
from ottla.cluster.store import Put
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import MAX_NEW_PARTITIONS
from ottla.wire.messages.create_topics import CreatableTopic


@dataclass(frozen=True, slots=True)
class CreationDefaults:
    """For topics whose creator says -1: `num.partitions` and `default.replication.factor`."""

    partitions: int = 1
    replication_factor: int = 1


@dataclass(frozen=True, slots=True)
class Creation:
    """How one topic came out. The topic and its configs are there when the verdict is OK."""

    name: str
    verdict: Verdict
    topic: TopicImage | None = None
    configs: Mapping[str, str] | None = None


def create_topics(
    image: ClusterImage,
    topics: list[CreatableTopic],
    defaults: CreationDefaults,
    rules: ConfigRules,
    new_id: Callable[[], bytes],
) -> Decision[list[Creation]]:
    """One Creation for each name, in the order of the request."""
    counts = Counter(topic.name for topic in topics)
    budget = MAX_NEW_PARTITIONS
    creations: list[Creation] = []
    turn = image.revision  # so that the first leader of one topic after another is not always the same
    for name in counts:
        topic = next(topic for topic in topics if topic.name == name)
        try:
            if counts[name] > 1:
                raise KafkaError(
                    ErrorCode.INVALID_REQUEST, f"topic {name!r} is in the request {counts[name]} times"
                )
            creation = _create(image, topic, defaults, rules, new_id, turn, budget)
            assert creation.topic is not None
            budget -= len(creation.topic.partitions)
            turn += len(creation.topic.partitions)
        except KafkaError as error:
            creation = Creation(name, Verdict(error.code, error.message))
        creations.append(creation)
    return Decision(tuple(write for creation in creations for write in _writes(creation)), creations)


def _create(
    image: ClusterImage,
    topic: CreatableTopic,
    defaults: CreationDefaults,
    rules: ConfigRules,
    new_id: Callable[[], bytes],
    turn: int,
    budget: int,
) -> Creation:
    check_new_topic(image, topic.name)
    configs = _configs(topic, rules)
    if topic.assignments:
        assignment = _given_assignment(image, topic, budget)
    else:
        assignment = _placed_assignment(image, topic, defaults, turn, budget)
    partitions = tuple(PartitionImage(replicas[0], 0, 0, replicas, replicas) for replicas in assignment)
    return Creation(topic.name, OK, TopicImage(topic.name, new_id(), partitions), configs)


def _configs(topic: CreatableTopic, rules: ConfigRules) -> dict[str, str]:
    configs: dict[str, str] = {}
    for config in topic.configs:
        if config.value is None:
            raise KafkaError(ErrorCode.INVALID_CONFIG, f"topic config {config.name} has no value (null)")
        configs[config.name] = config.value
    rules.check((ResourceType.TOPIC, topic.name), configs, configs)
    return configs


def _given_assignment(image: ClusterImage, topic: CreatableTopic, budget: int) -> list[tuple[int, ...]]:
    if topic.num_partitions != -1:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "assignments are given, so num_partitions must be -1")
    if topic.replication_factor != -1:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "assignments are given, so replication_factor must be -1")
    by_index: dict[int, tuple[int, ...]] = {}
    for assignment in topic.assignments:
        if assignment.partition_index in by_index:
            message = f"partition {assignment.partition_index} is assigned twice"
            raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
        by_index[assignment.partition_index] = tuple(assignment.broker_ids)
    for replicas in by_index.values():
        check_assignment(image, replicas, len(topic.assignments[0].broker_ids))
    if set(by_index) != set(range(len(by_index))):
        message = "assigned partitions must be numbered 0, 1, 2 and so on"
        raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
    _check_budget(len(by_index), budget)
    return [by_index[index] for index in range(len(by_index))]


def _placed_assignment(
    image: ClusterImage, topic: CreatableTopic, defaults: CreationDefaults, turn: int, budget: int
) -> list[tuple[int, ...]]:
    factor = topic.replication_factor
    if factor < -1 or factor == 0:
        message = f"replication factor {factor}: it must be at least 1, or -1 for the broker's default"
        raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, message)
    partitions = topic.num_partitions
    if partitions < -1 or partitions == 0:
        message = f"{partitions} partitions: it must be at least 1, or -1 for the broker's default"
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, message)
    partitions = defaults.partitions if partitions == -1 else partitions
    factor = defaults.replication_factor if factor == -1 else factor
    _check_budget(partitions, budget)
    return place(image.brokers.values(), partitions, factor, turn)


def _check_budget(partitions: int, budget: int) -> None:
    if partitions > budget:
        message = f"one request creates at most {MAX_NEW_PARTITIONS} partitions"
        raise KafkaError(ErrorCode.POLICY_VIOLATION, message)


def _writes(creation: Creation) -> list[Put]:
    if creation.topic is None:
        return []
    writes = [Put(keys.topic(creation.name), encode_topic(creation.topic))]
    if creation.configs:
        resource = (ResourceType.TOPIC, creation.name)
        writes.append(Put(keys.configs(resource), encode_configs(creation.configs)))
    return writes
