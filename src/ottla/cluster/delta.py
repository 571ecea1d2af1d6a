"""What one change did to the image, in the terms of those who act on it."""

from dataclasses import dataclass

from ottla.cluster import keys
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import Resource
from ottla.cluster.metadata import TopicImage
from ottla.cluster.store import Committed


@dataclass(frozen=True, slots=True)
class Delta:
    """The step from image `before` to image `after`. Act on it in this order: deleted, created, changed,
    configs.

    A topic that was deleted and made again under its name within one step is in both `deleted` and `created`.
    """

    before: ClusterImage
    after: ClusterImage
    deleted: tuple[TopicImage, ...]
    created: tuple[TopicImage, ...]
    changed: tuple[tuple[TopicImage, TopicImage], ...]
    """Topics with other partitions than before: (before, after)."""
    configs: tuple[Resource, ...]
    """Resources whose configs were written or removed; their values are in `after`."""
    brokers: tuple[int, ...]
    """Brokers that were registered, changed or removed."""


def step(before: ClusterImage, committed: Committed) -> Delta:
    """Apply a committed transaction and say what it did."""
    after = before.apply(committed.revision, committed.changes)
    deleted, created, changed = [], [], []
    configs, brokers = [], []
    for change in committed.changes:
        if change.key.startswith(keys.TOPICS):
            name = keys.topic_of(change.key)
            old, new = before.topics.get(name), after.topics.get(name)
            if old and new and old.id == new.id:
                changed.append((old, new))
                continue
            deleted.extend([old] if old else [])
            created.extend([new] if new else [])
        elif change.key.startswith(keys.CONFIGS):
            configs.append(keys.resource_of(change.key))
        elif change.key.startswith(keys.BROKERS):
            brokers.append(keys.broker_of(change.key))
    return Delta(
        before, after, tuple(deleted), tuple(created), tuple(changed), tuple(configs), tuple(brokers)
    )
