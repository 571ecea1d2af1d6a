"""The immutable image of the cluster: all metadata as of one revision.

`apply` makes the next image from a committed transaction; the two share everything that did not change, so
an image may be kept and read for as long as anyone likes. `changes_between` says what differs, for those
who act on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ottla.cluster import keys
from ottla.cluster.encoding import decode_broker, decode_configs, decode_topic
from ottla.cluster.keys import Resource, ResourceType
from ottla.cluster.metadata import BrokerImage, PartitionImage, TopicImage
from ottla.cluster.persistent_map import PersistentMap
from ottla.cluster.store import Change, Snapshot

_NOTHING: Mapping[str, str] = MappingProxyType({})


def collision_key(name: str) -> str:
    """Names that differ only in `.` and `_` would share metric names: Kafka lets only one of them exist."""
    return name.replace(".", "_")


@dataclass(frozen=True, slots=True)
class ClusterImage:
    """Read it; never change what it holds.

    Invariant: `topic_names` maps exactly the ids of `topics` to their names. Invariant: `collisions` holds
    exactly the topics with a `.` or `_` in their name, under their collision key.
    """

    revision: int = 0
    cluster_id: str = ""
    next_producer_id: int = 0
    features: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Finalized levels that were set; of the others the newest holds."""
    brokers: Mapping[int, BrokerImage] = field(default_factory=lambda: MappingProxyType({}))
    topics: PersistentMap[str, TopicImage] = field(default_factory=PersistentMap)
    topic_names: PersistentMap[bytes, str] = field(default_factory=PersistentMap)
    collisions: PersistentMap[str, frozenset[str]] = field(default_factory=PersistentMap)
    all_configs: PersistentMap[Resource, Mapping[str, str]] = field(default_factory=PersistentMap)

    @classmethod
    def load(cls, snapshot: Snapshot) -> "ClusterImage":
        """The image of a whole store. Raises StoreDamagedError."""
        changes = (Change(entry.key, entry.value) for entry in snapshot.entries)
        return cls().apply(snapshot.revision, changes)

    def topic_by_id(self, topic_id: bytes) -> TopicImage | None:
        name = self.topic_names.get(topic_id)
        return None if name is None else self.topics[name]

    def partition(self, topic: str, index: int) -> PartitionImage | None:
        image = self.topics.get(topic)
        return image.partitions[index] if image and 0 <= index < len(image.partitions) else None

    def topic_configs(self, topic: str) -> Mapping[str, str]:
        """The topic's own configs, without defaults."""
        return self.all_configs.get((ResourceType.TOPIC, topic), _NOTHING)

    def broker_configs(self, broker_id: int | None) -> Mapping[str, str]:
        """The dynamic configs of one broker, or of all of them (None)."""
        name = "" if broker_id is None else str(broker_id)
        return self.all_configs.get((ResourceType.BROKER, name), _NOTHING)

    def apply(self, revision: int, changes: Iterable[Change]) -> "ClusterImage":
        """The image after these changes, as of `revision`. Unknown keys belong to others and are passed
        over.
        """
        topics: dict[str, TopicImage | None] = {}
        configs: dict[Resource, Mapping[str, str] | None] = {}
        brokers, features = dict(self.brokers), dict(self.features)
        cluster_id, next_producer_id = self.cluster_id, self.next_producer_id
        for change in changes:
            key, value = change.key, change.value
            if key.startswith(keys.TOPICS):
                name = keys.topic_of(key)
                topics[name] = None if value is None else decode_topic(name, value)
            elif key.startswith(keys.CONFIGS):
                resource = keys.resource_of(key)
                configs[resource] = (
                    None if value is None else MappingProxyType(decode_configs(resource[1], value))
                )
            elif key.startswith(keys.BROKERS):
                _set_broker(brokers, keys.broker_of(key), value)
            elif key.startswith(keys.FEATURES):
                _set_feature(features, keys.feature_of(key), value)
            elif key == keys.CLUSTER_ID:
                cluster_id = "" if value is None else value.decode()
            elif key == keys.NEXT_PRODUCER_ID:
                next_producer_id = 0 if value is None else int(value)
        image = replace(
            self,
            revision=revision,
            cluster_id=cluster_id,
            next_producer_id=next_producer_id,
            brokers=MappingProxyType(brokers),
            features=MappingProxyType(features),
        )
        return _with_configs(_with_topics(image, topics), configs)


def _with_topics(image: ClusterImage, topics: Mapping[str, TopicImage | None]) -> ClusterImage:
    if not topics:
        return image
    puts = [(name, topic) for name, topic in topics.items() if topic is not None]
    old_ids = [image.topics[name].id for name in topics if name in image.topics]
    return replace(
        image,
        topics=image.topics.changed(puts, (name for name, topic in topics.items() if topic is None)),
        topic_names=image.topic_names.changed(((topic.id, name) for name, topic in puts), old_ids),
        collisions=_collisions_with(image, topics),
    )


def _collisions_with(
    image: ClusterImage, topics: Mapping[str, TopicImage | None]
) -> PersistentMap[str, frozenset[str]]:
    changed: dict[str, frozenset[str]] = {}
    for name, topic in topics.items():
        if "." in name or "_" in name:
            key = collision_key(name)
            others = changed.get(key, image.collisions.get(key, frozenset())) - {name}
            changed[key] = others if topic is None else others | {name}
    puts = ((key, names) for key, names in changed.items() if names)
    return image.collisions.changed(puts, (key for key, names in changed.items() if not names))


def _with_configs(image: ClusterImage, configs: Mapping[Resource, Mapping[str, str] | None]) -> ClusterImage:
    if not configs:
        return image
    puts = ((resource, values) for resource, values in configs.items() if values is not None)
    removes = (resource for resource, values in configs.items() if values is None)
    return replace(image, all_configs=image.all_configs.changed(puts, removes))


def _set_broker(brokers: dict[int, BrokerImage], broker_id: int, value: bytes | None) -> None:
    if value is None:
        brokers.pop(broker_id, None)
    else:
        brokers[broker_id] = decode_broker(broker_id, value)


def _set_feature(features: dict[str, int], name: str, value: bytes | None) -> None:
    if value is None:
        features.pop(name, None)
    else:
        features[name] = int(value)
