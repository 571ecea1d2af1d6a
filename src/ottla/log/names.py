"""The names of files and directories, Apache Kafka's: who reads a listing knows all from the names."""

import re

LOG = ".log"
INDEX = ".index"
TIME_INDEX = ".timeindex"
ABORTED_INDEX = ".txnindex"
SEGMENT_FILES = (LOG, INDEX, TIME_INDEX, ABORTED_INDEX)
"""A segment's files. The first one is what makes it a segment; the others can be rebuilt from it.

The last one is there only where a transaction was aborted.
"""

SNAPSHOT = ".snapshot"
"""The producers of a partition as they were at the offset in the name; belongs to no segment."""

DELETED = ".deleted"
CLEANED = ".cleaned"
SWAP = ".swap"
TEMPORARY = ".tmp"
"""What is being written and will take its name when it is whole."""

EPOCHS = "leader-epoch-checkpoint"
PARTITION_METADATA = "partition.metadata"

META_PROPERTIES = "meta.properties"
LOCK = ".lock"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
RECOVERY_POINTS = "recovery-point-offset-checkpoint"
HIGH_WATERMARKS = "replication-offset-checkpoint"
LOG_START_OFFSETS = "log-start-offset-checkpoint"
CLEANER_OFFSETS = "cleaner-offset-checkpoint"

_PARTITION = re.compile(r"([a-zA-Z0-9._-]+)-(0|[1-9][0-9]{0,9})")
_DELETED_PARTITION = re.compile(r"[a-zA-Z0-9._-]+\.[0-9a-f]{32}-delete")
_STRAY_PARTITION = re.compile(r"[a-zA-Z0-9._-]+\.[0-9a-f]{32}-stray")
_MAX_NAME = 255


def segment_name(base_offset: int, extension: str) -> str:
    """A segment's file: its base offset in 20 digits, so that names sort as offsets do."""
    return f"{base_offset:020d}{extension}"


def base_offset(name: str) -> int | None:
    """The base offset in a segment file's name, None where there is none."""
    digits = name[:20]
    return int(digits) if len(digits) == 20 and digits.isdecimal() and name[20:21] == "." else None


def partition_name(topic: str, partition: int) -> str:
    return f"{topic}-{partition}"


def parse_partition(name: str) -> tuple[str, int] | None:
    """Topic and partition of a directory's name, None when it is not one."""
    found = _PARTITION.fullmatch(name)
    return (found[1], int(found[2])) if found else None


def deleted_partition_name(name: str, unique: bytes) -> str:
    """The name under which a partition waits for its deletion."""
    return _with_suffix(name, f".{unique.hex()}-delete")


def is_deleted_partition(name: str) -> bool:
    return _DELETED_PARTITION.fullmatch(name) is not None


def stray_partition_name(name: str, unique: bytes) -> str:
    """The name under which a partition that the cluster does not know is kept for its owner to look at."""
    return _with_suffix(name, f".{unique.hex()}-stray")


def is_stray_partition(name: str) -> bool:
    return _STRAY_PARTITION.fullmatch(name) is not None


def _with_suffix(name: str, suffix: str) -> str:
    """Never longer than a file system takes."""
    return name[: _MAX_NAME - len(suffix)] + suffix
