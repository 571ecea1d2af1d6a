"""All partitions that this broker leads: found by topic name or id, opened when first touched, closed at the end.

Opening is lazy, so that a broker with ten thousand partitions serves at once. A log that was closed properly opens
without a look at its batches; of one that a crash interrupted, only what came after its last checkpoint is checked.
"""

import logging
from collections.abc import Iterator

from ottla.broker.flusher import Flusher
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partition import Partition
from ottla.broker.topic_configs import TopicConfigs
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType
from ottla.cluster.metadata import TopicImage
from ottla.core.errors import ErrorCode, KafkaError

_log = logging.getLogger(__name__)

Topic = str | bytes
"""A topic's name or its id."""


class Partitions:
    """The partitions of one broker. Everything here happens on the event loop."""

    def __init__(
        self, image: ClusterImage, log_dirs: LogDirs, topic_configs: TopicConfigs, flusher: Flusher
    ) -> None:
        self._image = image
        self._log_dirs = log_dirs
        self._topic_configs = topic_configs
        self._flusher = flusher
        self._opened: dict[tuple[Topic, int], Partition] = {}  # each under its topic's name and under its id

    def __iter__(self) -> Iterator[Partition]:
        """Every partition that is open now."""
        return iter([each for (topic, _), each in self._opened.items() if isinstance(topic, str)])

    def names(self) -> Iterator[tuple[str, int]]:
        """Every partition there is, open or not."""
        return (
            (topic.name, index)
            for topic in self._image.topics.values()
            for index in range(len(topic.partitions))
        )

    def opened(self, topic: Topic, index: int) -> Partition | None:
        """The partition if it is open already: the hot path's way."""
        return self._opened.get((topic, index))

    def find(self, topic: Topic, index: int) -> Partition | ErrorCode:
        """The partition, opened if need be, or why there is none."""
        known = self._opened.get((topic, index))
        if known is not None:
            return known
        by_name = isinstance(topic, str)
        image = self._image.topics.get(topic) if isinstance(topic, str) else self._image.topic_by_id(topic)
        if image is None and not by_name:
            return ErrorCode.UNKNOWN_TOPIC_ID
        if image is None or not 0 <= index < len(image.partitions):
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        try:
            return self._open(image, index)
        except (OSError, KafkaError) as error:
            _log.error("%s-%d cannot be opened: %s", image.name, index, error)
            return ErrorCode.KAFKA_STORAGE_ERROR

    def _open(self, topic: TopicImage, index: int) -> Partition:
        log = self._log_dirs.open(topic, index, self._topic_configs.log_config(topic.name))
        partition = Partition(topic, index, log, self._flusher)
        partition.min_in_sync_replicas = self._topic_configs.min_in_sync_replicas(topic.name)
        self._opened[topic.name, index] = self._opened[topic.id, index] = partition
        return partition

    def apply(self, delta: Delta) -> None:
        """Follow the cluster: forget what was deleted, obey what was configured."""
        self._image = delta.after
        for topic in delta.deleted:
            self._delete(topic)
        for _, topic in delta.changed:
            for index, image in enumerate(topic.partitions):
                partition = self._opened.get((topic.id, index))
                if partition is not None:
                    partition.lead(image)
        for kind, name in delta.configs:
            if kind is ResourceType.TOPIC and name in delta.after.topics:
                self._configure(delta.after.topics[name])
            elif kind is ResourceType.BROKER:
                self.reconfigure()

    def reconfigure(self) -> None:
        """The broker's own configs changed, and with them the defaults of all topics."""
        self._topic_configs.forget()
        for topic in {each.topic for each in self}:
            self._configure(self._image.topics[topic])

    def _configure(self, topic: TopicImage) -> None:
        config = self._topic_configs.log_config(topic.name)
        for index in range(len(topic.partitions)):
            partition = self._opened.get((topic.id, index))
            if partition is not None:
                partition.log.config = config
                partition.min_in_sync_replicas = self._topic_configs.min_in_sync_replicas(topic.name)

    def _delete(self, topic: TopicImage) -> None:
        default = self._topic_configs.log_config(topic.name)
        for index in range(len(topic.partitions)):
            partition = self._opened.pop((topic.id, index), None)
            config = default if partition is None else partition.log.config
            if partition is not None:
                self._opened.pop((topic.name, index), None)
                partition.fail(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            self._log_dirs.delete(topic.name, index, config.file_delete_delay_ms)

    def retire(self) -> None:
        """The broker stops: take nothing more, let parked fetches go; what is appended is still acknowledged."""
        for partition in self:
            partition.retire()
