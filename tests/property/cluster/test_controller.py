"""Whatever is asked of the controller: the same history makes the same image, and the image is always sound."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.configs import ConfigChange, ResourceChange, alter_configs
from ottla.cluster.controller.create_partitions import create_partitions
from ottla.cluster.controller.create_topics import CreationDefaults, create_topics
from ottla.cluster.controller.decision import Decision
from ottla.cluster.controller.delete_topics import delete_topics
from ottla.cluster.encoding import decode_topic, encode_topic
from ottla.cluster.image import ClusterImage, collision_key
from ottla.cluster.keys import Resource, ResourceType
from ottla.cluster.membership import register
from ottla.cluster.memory import MemoryStore
from ottla.cluster.metadata import BrokerImage, PartitionImage, TopicImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.create_partitions import CreatePartitionsTopic
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig
from ottla.wire.messages.delete_topics import DeleteTopicState

Decide = Callable[[ClusterImage], Decision[Any]]

names = st.sampled_from(["a", "b", "a.b", "a_b", "c.d_e", "bad name", ""])
configs = st.dictionaries(
    st.sampled_from(["list", "number", "wrong"]), st.sampled_from(["1", "2,3", ""]), max_size=2
)
broker_ids = st.integers(1, 3)


class Rules:
    """«wrong» cannot be set; «list» is a list with a default."""

    def check(self, resource: Resource, configs: Mapping[str, str], names: Collection[str]) -> None:
        if "wrong" in configs:
            raise KafkaError(ErrorCode.INVALID_CONFIG, "wrong")

    def default_items(self, resource: Resource, name: str) -> tuple[str, ...] | None:
        return ("1",) if name == "list" else None


def creation(name: str, partitions: int, replicas: int, its_configs: dict[str, str]) -> CreatableTopic:
    given_configs = [CreatableTopicConfig(name=key, value=value) for key, value in its_configs.items()]
    return CreatableTopic(
        name=name, num_partitions=partitions, replication_factor=replicas, configs=given_configs
    )


creations = st.builds(creation, names, st.integers(-2, 4), st.integers(-2, 4), configs)
growths = st.builds(
    lambda name, size: CreatePartitionsTopic(name=name, count=size, assignments=None),
    names,
    st.integers(0, 6),
)
changes = st.builds(
    lambda name, key, value, operation: ResourceChange(
        (ResourceType.TOPIC, name), [ConfigChange(key, value, operation)]
    ),
    names,
    st.sampled_from(["list", "number", "wrong"]),
    st.sampled_from(["1", "2,3", ""]),
    st.integers(0, 3),
)
requests = st.one_of(
    st.tuples(st.just("create"), st.lists(creations, max_size=3)),
    st.tuples(st.just("delete"), st.lists(names, max_size=3)),
    st.tuples(st.just("delete by id"), names),
    st.tuples(st.just("grow"), st.lists(growths, max_size=3)),
    st.tuples(st.just("alter"), st.lists(changes, max_size=3)),
    st.tuples(st.just("register"), broker_ids),
)


def decision(kind: str, wanted: Any, new_id: Callable[[], bytes]) -> Decide:
    if kind == "create":
        return lambda image: create_topics(image, wanted, CreationDefaults(2, 1), Rules(), new_id)
    if kind == "delete":
        return lambda image: delete_topics(image, [DeleteTopicState(name=name) for name in wanted])
    if kind == "delete by id":
        return lambda image: delete_topics(
            image, [DeleteTopicState(topic_id=image.topics[wanted].id)] if wanted in image.topics else []
        )
    if kind == "grow":
        return lambda image: create_partitions(image, wanted)
    if kind == "alter":
        return lambda image: alter_configs(image, wanted, Rules())
    return lambda image: register(image, BrokerImage(wanted, None, ()))


def check_sound(image: ClusterImage) -> None:
    assert {topic.id: name for name, topic in image.topics.items()} == dict(image.topic_names)
    ambiguous = [name for name in image.topics if "." in name or "_" in name]
    assert {key: set(found) for key, found in image.collisions.items()} == {
        collision_key(name): {other for other in ambiguous if collision_key(other) == collision_key(name)}
        for name in ambiguous
    }
    for topic in image.topics.values():
        assert topic.partitions
        assert len({len(partition.replicas) for partition in topic.partitions}) == 1
        for partition in topic.partitions:
            assert partition.leader == partition.replicas[0]
            assert partition.in_sync == partition.replicas
            assert len(set(partition.replicas)) == len(partition.replicas)
            assert set(partition.replicas) <= image.brokers.keys()
    for kind, name in image.all_configs:
        assert kind is ResourceType.TOPIC
        assert name in image.topics
        assert "wrong" not in image.topic_configs(name)
        assert image.topic_configs(name)


async def play(history: list[tuple[str, Any]]) -> ClusterImage:
    numbers = count(1)
    store = MemoryStore()
    cluster = await Cluster.open(store, "id")
    await cluster.change(lambda image: register(image, BrokerImage(1, None, ())))
    for kind, wanted in history:
        before = cluster.image
        kept = (before.revision, dict(before.topics), dict(before.all_configs))
        await cluster.change(decision(kind, wanted, lambda: next(numbers).to_bytes(16)))
        check_sound(cluster.image)
        assert (before.revision, dict(before.topics), dict(before.all_configs)) == kept
        assert cluster.image == ClusterImage.load(await store.range(b""))
    return cluster.image


@settings(max_examples=150, deadline=None)
@given(st.lists(requests, max_size=12))
def test_one_history_makes_one_sound_image(history: list[tuple[str, Any]]) -> None:
    assert asyncio.run(play(history)) == asyncio.run(play(history))


int32 = st.integers(-(1 << 31), (1 << 31) - 1)
replicas = st.lists(int32, max_size=4).map(tuple)
partitions = st.builds(PartitionImage, int32, int32, int32, replicas, replicas)


@given(
    st.builds(TopicImage, st.just("t"), st.binary(min_size=16, max_size=16), st.lists(partitions).map(tuple))
)
def test_a_topic_survives_its_bytes(topic: TopicImage) -> None:
    assert decode_topic("t", encode_topic(topic)) == topic
