"""What can go wrong on disk.

KafkaError
├── OffsetOutOfRange       a reader asks for what is not there (any more)
└── StorageError           KAFKA_STORAGE_ERROR: the disk refused
    ├── LogWriteError      nothing of the append is in the log; the log goes on, unless `Log.offline`
    └── LogReadError       what lies on disk is not what was written
DataDirectoryError         a whole data directory cannot be used: a person has to look
"""

from ottla.core.errors import ErrorCode, KafkaError


class OffsetOutOfRange(KafkaError):  # noqa: N818 - Kafka's name
    """The offset is below the log start offset or above the log end offset."""

    def __init__(self, offset: int, log_start_offset: int, log_end_offset: int) -> None:
        super().__init__(
            ErrorCode.OFFSET_OUT_OF_RANGE,
            f"offset {offset} is not in the log, which goes from {log_start_offset} to {log_end_offset}",
        )


class StorageError(KafkaError):
    """The disk refused, or gave back something else."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.KAFKA_STORAGE_ERROR, message)


class LogWriteError(StorageError):
    """An append did not happen: full disk, failed write, or the log is offline."""


class LogReadError(StorageError):
    """Bytes in the middle of a log are not record batches."""


class DataDirectoryError(Exception):
    """A data directory that cannot be used. The text names the directory, the reason and what to do."""
