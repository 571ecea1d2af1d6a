"""What a broker keeps on disk, opened together: the data directories and the metadata store in the first of them."""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from ottla.cluster.cluster import Cluster
from ottla.cluster.sqlite import FILE_NAME, SqliteStore
from ottla.core.ids import random_uuid, uuid_text
from ottla.log.data_directory import DataDirectory
from ottla.log.errors import DataDirectoryError
from ottla.log.open_files import open_files_for, raise_open_file_limit
from ottla.log.ownership import read_meta
from ottla.log.system_directory import SystemDirectory

_log = logging.getLogger(__name__)


async def open_storage(
    paths: Sequence[str], node_id: int, closing: AsyncExitStack
) -> tuple[list[DataDirectory], Cluster]:
    """Take the directories into use and load the cluster's metadata; what must be closed goes onto `closing`.

    Raises DataDirectoryError, StoreError.
    """
    open_files = open_files_for(raise_open_file_limit())
    places = [SystemDirectory(path, open_files) for path in paths]
    for place in places:
        _make(place)
    metas = [meta for place in places if (meta := read_meta(place)) is not None]
    cluster_id = metas[0].cluster_id if metas else uuid_text(random_uuid())
    directories = []
    for place in places:
        directories.append(DataDirectory.open(place, cluster_id, node_id, random_uuid()))
        closing.callback(_close, directories[-1])
    store = await SqliteStore.open(Path(places[0].path) / FILE_NAME)
    closing.push_async_callback(store.close)
    cluster = await Cluster.open(store, cluster_id)
    _check_metadata(cluster, directories)
    return directories, cluster


def _make(place: SystemDirectory) -> None:
    try:
        place.make()
    except OSError as error:
        raise DataDirectoryError(
            f"data directory {place.path} cannot be made: {error.strerror or error}"
        ) from error


def _check_metadata(cluster: Cluster, directories: Sequence[DataDirectory]) -> None:
    """Partitions without any metadata are somebody else's, or the metadata was lost: never ours to put aside."""
    if cluster.image.brokers or cluster.image.topics:
        return
    for directory in directories:
        if directory.partitions:
            raise DataDirectoryError(
                f"data directory {directory.directory.path} holds {len(directory.partitions)} partitions, but there is "
                f"no {FILE_NAME} that knows them: restore that file, or choose an empty directory"
            )


def _close(directory: DataDirectory) -> None:
    """Sync and leave the mark of a proper end. Waits for the disk."""
    try:
        directory.close()
    except OSError as error:
        _log.error("%s could not be closed properly: %s", directory.directory.path, error)
