"""The data directories together (`log.dirs`): where each partition lies, and where a new one goes.

A new partition goes where the fewest are. A directory whose `partition.metadata` names another topic than the cluster's
metadata does, or one of no topic at all, is put aside as a stray: kept, and no longer looked at. The partition starts
empty.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from ottla.broker.in_thread import in_thread
from ottla.broker.log_dir_image import LogDirImage
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import TopicImage
from ottla.core.clock import Clock
from ottla.core.ids import random_uuid
from ottla.log.config import LogConfig
from ottla.log.data_directory import DataDirectory
from ottla.log.directory import Directory
from ottla.log.log import Log
from ottla.log.names import LOG, partition_name
from ottla.net.tasks import Tasks

_log = logging.getLogger(__name__)

Place = tuple[DataDirectory, list[str]]
"""A data directory and names in it."""
Partition = tuple[str, int]
"""A topic and a partition's index."""
Sizes = dict[Partition, int]
"""Bytes of records."""


class LogDirs:
    """Touched only on the event loop; `tasks` runs what waits for a disk or for time."""

    def __init__(self, directories: Sequence[DataDirectory], clock: Clock, tasks: Tasks) -> None:
        self.directories = directories
        self._clock = clock
        self._tasks = tasks
        for directory in directories:
            self._remove_later((directory, directory.deleted), 0.0)

    def put_strays_aside(self, image: ClusterImage) -> None:
        """Directories of partitions that the cluster does not know: it lost them, or a crash came before a deletion."""
        for directory in self.directories:
            strays = [
                (topic, index)
                for topic, index in directory.partitions
                if image.partition(topic, index) is None
            ]
            for topic, index in strays:
                try:
                    _put_aside(directory, topic, index, "is of no topic")
                except OSError as error:
                    _log.error("%s-%d is of no topic and cannot be put aside: %s", topic, index, error)

    def open(self, topic: TopicImage, index: int, config: LogConfig) -> Log:
        """The partition's log, made if it is new. Raises OSError, KafkaError."""
        name = topic.name
        directory = self.holder(name, index)
        if directory is not None and directory.topic_id(name, index) not in (topic.id, None):
            _put_aside(directory, name, index, "holds another topic of that name: starting it empty")
            directory = None
        if directory is not None:
            return directory.open_log(name, index, config, self._clock.now_ms())
        return self._roomiest().create_log(name, index, config, topic.id, self._clock.now_ms())

    def _roomiest(self) -> DataDirectory:
        """Where a new partition goes."""
        return min(self.directories, key=lambda each: len(each.partitions))

    def holder(self, topic: str, index: int) -> DataDirectory | None:
        """The directory that has this partition."""
        return next((each for each in self.directories if (topic, index) in each.partitions), None)

    def delete(self, topic: str, index: int, delay_ms: int) -> None:
        """Take the partition's log away; its files stay for `delay_ms`, for those who still read them."""
        directory = self.holder(topic, index)
        if directory is not None:
            self._delete(directory, topic, index, delay_ms / 1000)

    def _delete(self, directory: DataDirectory, topic: str, index: int, delay: float) -> None:
        try:
            name = directory.delete_log(topic, index, random_uuid())
        except OSError as error:
            _log.error("%s-%d cannot be deleted: %s", topic, index, error)
            return
        self._remove_later((directory, [name]), delay)

    def _remove_later(self, place: Place, delay: float) -> None:
        if place[1]:
            self._tasks.start(self._remove(place, delay), "remove deleted partitions")

    async def _remove(self, place: Place, delay: float) -> None:
        directory, names = place
        await asyncio.sleep(delay)
        for name in names:  # one at a time: who stops waits for one
            await in_thread(directory.remove, [name])

    async def images(self, partitions: Iterable[Partition]) -> list[LogDirImage]:
        """Every directory with the sizes of those of `partitions` that are in it.

        Those that nobody has touched yet, so that they are on no disk, are told, empty, where they would be made now.
        Looking at logs that are not open is done in a thread.
        """
        held: dict[int, list[Partition]] = {id(each): [] for each in self.directories}
        new = self._roomiest()
        for name in partitions:
            held[id(self.holder(*name) or new)].append(name)
        return [await in_thread(_image, each, *_facts(each, held[id(each)])) for each in self.directories]


def _put_aside(directory: DataDirectory, topic: str, index: int, reason: str) -> None:
    """Out of the way under another name, for its owner to look at; nothing deletes it. Raises OSError."""
    name = directory.put_aside(topic, index, random_uuid())
    path = directory.directory.path
    _log.warning("%s/%s-%d %s; what was there is kept as %s", path, topic, index, reason, name)


def _facts(directory: DataDirectory, partitions: Sequence[Partition]) -> tuple[Sizes, list[Partition]]:
    """What a thread needs: the sizes of open logs, which they mostly know, and the names of the others."""
    sizes = {name: log.size_bytes for name in partitions if (log := directory.logs.get(name)) is not None}
    return sizes, [name for name in partitions if name not in sizes]


def _image(directory: DataDirectory, opened: Sizes, closed: Sequence[Partition]) -> LogDirImage:
    place = directory.directory
    sizes = opened | {name: _size_on_disk(place.child(partition_name(*name))) for name in closed}
    total_bytes, usable_bytes = place.space()
    return LogDirImage(
        place.path, total_bytes, usable_bytes, [(*name, size) for name, size in sorted(sizes.items())]
    )


def _size_on_disk(directory: Directory) -> int:
    """Nothing where there is no directory: not made yet, or deleted meanwhile."""
    try:
        return sum(directory.size(name) for name in directory.names() if name.endswith(LOG))
    except FileNotFoundError:
        return 0
