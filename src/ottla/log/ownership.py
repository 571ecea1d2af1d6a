"""Whose data directory this is: one process at a time, one cluster, one node.

Every refusal is a `DataDirectoryError` that names the directory, the reason and what to do.
"""

from ottla.log.checkpoint import MetaProperties, format_meta_properties, parse_meta_properties
from ottla.log.directory import Directory, Lock
from ottla.log.errors import DataDirectoryError
from ottla.log.names import LOCK, META_PROPERTIES


def take_lock(directory: Directory) -> Lock:
    """Make the directory where it is missing and lock it for this process."""
    try:
        directory.make()
        directory.names()
        lock = directory.lock(LOCK)
    except OSError as error:
        raise DataDirectoryError(
            f"data directory {directory.path} cannot be used: {error.strerror or error}"
        ) from error
    if lock is None:
        raise DataDirectoryError(
            f"data directory {directory.path} is in use by another process (it holds {LOCK}): "
            "stop that one, or choose another directory"
        )
    return lock


def claim(directory: Directory, cluster_id: str, node_id: int, directory_id: bytes) -> MetaProperties:
    """What `meta.properties` says, written first where it is missing (then with `directory_id`)."""
    meta = read_meta(directory)
    if meta is None:
        meta = MetaProperties(cluster_id, node_id, directory_id)
        directory.replace(META_PROPERTIES, format_meta_properties(meta))
        directory.sync_entry()
    if meta.cluster_id != cluster_id:
        raise DataDirectoryError(
            f"data directory {directory.path} belongs to cluster {meta.cluster_id}, not to {cluster_id}: "
            f"choose another directory, or remove it with its {META_PROPERTIES} if nothing in it is needed"
        )
    if meta.node_id != node_id:
        raise DataDirectoryError(
            f"data directory {directory.path} belongs to node {meta.node_id}, not to {node_id}: "
            f"set node.id={meta.node_id}, or choose another directory"
        )
    return meta


def read_meta(directory: Directory) -> MetaProperties | None:
    """`meta.properties`, None where there is none: a directory that nobody used yet."""
    try:
        return parse_meta_properties(directory.read(META_PROPERTIES))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise DataDirectoryError(
            f"{directory.path}/{META_PROPERTIES} cannot be read: {error}; start what wrote it, restore it from a copy, "
            "or choose another directory"
        ) from error
