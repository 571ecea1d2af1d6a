"""One pass over the partitions of a fetch under KIP-74's size rules, repeated while the fetch is parked."""

import logging

from ottla.broker.epochs import check_leader_epoch
from ottla.broker.in_thread import in_thread
from ottla.broker.partition import Partition
from ottla.broker.sessions import Wanted
from ottla.broker.traffic import Traffic
from ottla.core.errors import ErrorCode
from ottla.log.epochs import UNDEFINED_EPOCH
from ottla.log.errors import OffsetOutOfRange, StorageError
from ottla.log.log import Log
from ottla.log.reading import Read
from ottla.wire.messages.fetch import AbortedTransaction, EpochEndOffset, PartitionData
from ottla.wire.types import Buffer

_log = logging.getLogger(__name__)

Found = tuple[Wanted, Partition | ErrorCode]


class Reading:
    """The state of a fetch: what each partition gives now.

    `bytes` is what the reply would hold; `urgent` says that it must leave at once: an error or a diverging epoch.
    """

    __slots__ = ("_found", "_max_bytes", "_read_committed", "bytes", "results", "urgent")

    def __init__(self, found: list[Found], max_bytes: int, *, read_committed: bool) -> None:
        self._found = found
        self._max_bytes = max_bytes
        self._read_committed = read_committed
        self.results: list[PartitionData] = []
        self.bytes = 0
        self.urgent = False

    async def read(self) -> None:
        """Read all partitions afresh, in order; only the first batch of all may exceed the limits."""
        self.results, self.bytes = [], 0
        for wanted, partition in self._found:
            data = await self._one(wanted, partition)
            self.urgent = self.urgent or bool(data.error_code) or data.diverging_epoch.epoch >= 0
            self.bytes += len(data.records or b"")
            self.results.append(data)

    @property
    def outdated(self) -> bool:
        """Whether something moved while a cold read was waited for: then there is no need to park."""
        return any(
            isinstance(partition, Partition)
            and not data.error_code
            and (partition.error or self._end_offset(partition.log) != self._told_end_offset(data))
            for (_, partition), data in zip(self._found, self.results, strict=True)
        )

    def _end_offset(self, log: Log) -> int:
        """Where a reader of this isolation level must stop."""
        return log.last_stable_offset if self._read_committed else log.high_watermark

    def _told_end_offset(self, data: PartitionData) -> int:
        return data.last_stable_offset if self._read_committed else data.high_watermark

    def count(self, traffic: Traffic) -> None:
        """Say how much of which topic is about to be sent."""
        for (_, partition), data in zip(self._found, self.results, strict=True):
            if data.records and isinstance(partition, Partition):
                traffic.fetched(partition.topic, len(data.records))

    async def _one(self, wanted: Wanted, partition: Partition | ErrorCode) -> PartitionData:
        if isinstance(partition, ErrorCode):
            return _failed(wanted.index, partition)
        error = partition.error or check_leader_epoch(partition, wanted.current_leader_epoch)
        if error:
            return _failed(wanted.index, error)
        log = partition.log
        try:
            if wanted.last_fetched_epoch >= 0 and (diverging := _diverging(log, wanted)) is not None:
                return self._data(wanted.index, log, b"", diverging)
            read = await self._read(partition, wanted)
            aborted = self._aborted(log, wanted.fetch_offset, read)
        except OffsetOutOfRange:
            return _failed(wanted.index, partition.error or ErrorCode.OFFSET_OUT_OF_RANGE)
        except (OSError, StorageError) as failure:
            if not partition.error:  # it was not deleted meanwhile
                _log.error("%s: cannot be read at offset %d: %s", partition, wanted.fetch_offset, failure)
            return _failed(wanted.index, partition.error or ErrorCode.KAFKA_STORAGE_ERROR)
        data = self._data(wanted.index, log, read.records, EpochEndOffset())
        data.aborted_transactions = aborted
        return data

    async def _read(self, partition: Partition, wanted: Wanted) -> Read:
        """The batches from `fetch_offset` on. What is not in the page cache is read in a thread.

        Meanwhile compaction or retention may take the file away: then the log is asked once more.
        """
        read = self._begin(partition.log, wanted)
        if not read.cold:
            return read
        try:
            await in_thread(read.load)
        except (OSError, OffsetOutOfRange, StorageError):
            if partition.error:
                raise
            read = self._begin(partition.log, wanted)
            await in_thread(read.load)
        return read

    def _begin(self, log: Log, wanted: Wanted) -> Read:
        end_offset = self._end_offset(log)
        max_bytes = min(wanted.max_bytes, self._max_bytes - self.bytes)
        return log.read(wanted.fetch_offset, max(max_bytes, 0), end_offset, at_least_one=not self.bytes)

    def _aborted(self, log: Log, fetch_offset: int, read: Read) -> list[AbortedTransaction] | None:
        """Whose batches among those read a reader of committed transactions has to skip; any other gets null."""
        if not self._read_committed:
            return None
        rows = log.aborted.between(fetch_offset, read.next_offset) if read.records else ()
        return [
            AbortedTransaction(producer_id=row.producer_id, first_offset=row.first_offset) for row in rows
        ]

    def _data(self, index: int, log: Log, records: Buffer, diverging_epoch: EpochEndOffset) -> PartitionData:
        return PartitionData(
            partition_index=index,
            high_watermark=log.high_watermark,
            last_stable_offset=log.last_stable_offset,
            log_start_offset=log.log_start_offset,
            diverging_epoch=diverging_epoch,
            aborted_transactions=[] if self._read_committed else None,
            records=records,
        )


def _failed(index: int, error: ErrorCode) -> PartitionData:
    """Empty records, not null: some clients refuse a reply with a negative size."""
    return PartitionData(
        partition_index=index, error_code=error, high_watermark=-1, aborted_transactions=None, records=b""
    )


def _diverging(log: Log, wanted: Wanted) -> EpochEndOffset | None:
    """Where the reader's history and ours part (KIP-595), None when ours contains its.

    Raises OffsetOutOfRange for an epoch that we never heard of, and for offsets that are gone: no history tells then.
    """
    epoch, end_offset = log.end_offset_for_epoch(wanted.last_fetched_epoch)
    if epoch == UNDEFINED_EPOCH or wanted.fetch_offset < log.log_start_offset:
        raise OffsetOutOfRange(wanted.fetch_offset, log.log_start_offset, log.log_end_offset)
    if epoch == wanted.last_fetched_epoch and end_offset >= wanted.fetch_offset:
        return None
    return EpochEndOffset(epoch=epoch, end_offset=end_offset)
