"""One partition that this broker leads: its log, what of it is committed, and who waits for that.

The high watermark of a partition with one replica is its log end offset, with one exception: where a producer asked
for `acks=all` and `log.flush.acks=all` holds, it stays before that batch until the batch is on disk. So nobody reads
what a power cut could still take back from a producer that was promised it.
"""

import asyncio
import logging

from ottla.broker.flusher import Flusher
from ottla.broker.unverified import UnverifiedProducers
from ottla.broker.waiting import Commits, LongPoll
from ottla.cluster.metadata import PartitionImage, TopicImage
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.config import NEVER
from ottla.log.errors import LogWriteError
from ottla.log.flush import Flush
from ottla.log.log import Appended, Log
from ottla.records.batch import Batch
from ottla.records.control import ControlType, EndTransactionMarker, build_end_transaction_marker

_log = logging.getLogger(__name__)


class Partition:
    """A log with a leader. Touched only on the broker's event loop."""

    __slots__ = (
        "_commits",
        "_flusher",
        "_polls",
        "_recovered_until",
        "_refuses",
        "_sync_until",
        "_synced_ms",
        "_unreadable_bytes",
        "error",
        "in_sync_replicas",
        "index",
        "leader_epoch",
        "log",
        "min_in_sync_replicas",
        "replicas",
        "topic",
        "topic_id",
        "unverified",
    )

    def __init__(self, topic: TopicImage, index: int, log: Log, flusher: Flusher) -> None:
        self.topic = topic.name
        self.topic_id = topic.id
        self.index = index
        self.min_in_sync_replicas = 1
        self.log = log
        self.lead(topic.partitions[index])
        self.error = ErrorCode.NONE
        """Why this partition serves nobody: its disk failed, or it was deleted."""
        self.unverified = UnverifiedProducers()
        """Whose transaction may begin here when its coordinator agrees."""
        self._flusher = flusher
        self._commits = Commits()
        self._polls: set[LongPoll] = set()
        self._sync_until = 0
        """End offset of the last batch that must be on disk before the high watermark may pass it."""
        self._recovered_until = log.log_end_offset if log.unflushed_messages else 0
        """What a crash left before this offset is readable, but counts as committed only once it is on disk."""
        self._unreadable_bytes = 0
        self._synced_ms = 0
        self._refuses = False
        """Whether the disk took none of the last append."""
        if log.unflushed_messages:
            flusher.request(
                self
            )  # what a crash left: a producer that sends it again may be told that it is there
        self._advance()

    def lead(self, image: PartitionImage) -> None:
        """Take over what the cluster says of this partition now."""
        self.leader_epoch = image.leader_epoch
        self.replicas = len(image.replicas)
        self.in_sync_replicas = len(image.in_sync)
        self.log.begin_epoch(self.leader_epoch)

    @property
    def lacks_in_sync_replicas(self) -> bool:
        """Whether acks=all must be refused. No more can be asked for than there are replicas."""
        return self.in_sync_replicas < min(self.min_in_sync_replicas, self.replicas)

    def __str__(self) -> str:
        return f"{self.topic}-{self.index}"

    def append(
        self, batch: Batch, now_ms: int, *, durable: bool, marker: EndTransactionMarker | None = None
    ) -> Appended:
        """Append one validated batch. `durable`: it counts as committed only once it is on disk.

        Raises KafkaError: KAFKA_STORAGE_ERROR when the disk refuses it (nothing is appended then).
        """
        try:
            if marker is None:
                appended = self.log.append(batch, self.leader_epoch, now_ms)
            else:
                appended = self.log.append_marker(batch, marker, self.leader_epoch, now_ms)
        except LogWriteError as failure:
            raise self._refused(failure) from failure
        if self._refuses:
            self._refuses = False
            _log.warning("%s: appends again", self)
        self._unreadable_bytes += batch.batch_length + 12
        if durable or self.log.unflushed_messages >= self.log.config.flush_messages:
            self._sync_until = appended.last_offset + 1
            self._flusher.request(self)
        else:
            self._advance()
        return appended

    def append_marker(
        self,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        *,
        committed: bool,
        transaction_version: int,
        now_ms: int,
        durable: bool = True,
    ) -> Appended:
        """End a producer's transaction here, or say again that it ended; all see it once its offset is committed.

        Raises KafkaError: INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED (see `ottla.log.producers`), the
        partition's own error, KAFKA_STORAGE_ERROR. Nothing is appended then.
        """
        refusal = self.error or self.log.producers.check_marker(
            producer_id, producer_epoch, coordinator_epoch, transaction_version
        )
        if refusal:
            raise KafkaError(
                refusal, f"{self}: no marker for producer {producer_id} at epoch {producer_epoch}"
            )
        marker = EndTransactionMarker(
            ControlType.COMMIT if committed else ControlType.ABORT, coordinator_epoch
        )
        batch = Batch(
            build_end_transaction_marker(
                marker, producer_id=producer_id, producer_epoch=producer_epoch, timestamp_ms=now_ms
            )
        )
        appended = self.append(batch, now_ms, durable=durable, marker=marker)
        self.unverified.ended(producer_id, producer_epoch, transaction_version)
        return appended

    def _refused(self, failure: LogWriteError) -> KafkaError:
        if not self._refuses:  # its log may be on the same disk, and clients try again many times a second
            self._refuses = True
            _log.error("%s: cannot append: %s", self, failure)
        if self.log.offline:
            self.fail(ErrorCode.KAFKA_STORAGE_ERROR)
        return KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"{self}: {failure}")

    def committed(self, end_offset: int) -> "asyncio.Future[ErrorCode] | None":
        """None when all before `end_offset` is committed already, else a future of how the wait ends."""
        if self._committed_until(self.log.high_watermark) >= end_offset:
            return None
        return self._commits.wait_for(end_offset)

    def _committed_until(self, high_watermark: int) -> int:
        """Up to where a producer may be told that its records are safe."""
        flushed_offset = self.log.flushed_offset
        return (
            high_watermark if flushed_offset >= self._recovered_until else min(high_watermark, flushed_offset)
        )

    def _advance(self) -> None:
        """Move the high watermark as far as it may go, and wake who waited for that."""
        log = self.log
        synced = log.flushed_offset >= self._sync_until
        high_watermark = log.log_end_offset if synced else log.flushed_offset
        self._commits.advance(self._committed_until(high_watermark))
        if high_watermark <= log.high_watermark:
            return
        count = self._unreadable_bytes
        if high_watermark == log.log_end_offset:
            # Else what is still unreadable must wake somebody when it becomes readable.
            self._unreadable_bytes = 0
        if log.producers.unstable.count:
            self._advance_with_transactions(high_watermark, count)
            return
        log.high_watermark = high_watermark
        for poll in tuple(self._polls):
            poll.readable(count)

    def _advance_with_transactions(self, high_watermark: int, count: int) -> None:
        """The same where readers of committed transactions may have to wait for other moves than the others.

        How many bytes a transaction's end made readable to them is left to their next look.
        """
        log = self.log
        last_stable_offset, log.high_watermark = log.last_stable_offset, high_watermark
        has_stable_news = log.last_stable_offset > last_stable_offset
        for poll in tuple(self._polls):
            if not poll.read_committed:
                poll.readable(count)
            elif has_stable_news:
                poll.wake()

    def sync_if_due(self, now_ms: int) -> None:
        """Have what is appended on disk soon, when the last sync is `flush.ms` ago."""
        flush_ms = self.log.config.flush_ms
        if flush_ms == NEVER or not self.log.unflushed_messages:
            self._synced_ms = now_ms
        elif now_ms - self._synced_ms >= flush_ms:
            self._synced_ms = now_ms
            self._flusher.request(self)

    def begin_flush(self) -> Flush:
        return self.log.begin_flush()

    def end_flush(self, flush: Flush, error: Exception | None) -> None:
        """A sync ended. After a failed one the kernel may have dropped the pages: nothing here can be promised."""
        if error is not None:
            _log.error("%s: fdatasync failed, the partition is offline until a restart: %s", self, error)
            self.log.sync_failed()
            self.fail(ErrorCode.KAFKA_STORAGE_ERROR)
            return
        self.log.end_flush(flush)
        end_offset = self.log.log_end_offset
        self._sync_until = min(self._sync_until, end_offset)
        self._recovered_until = min(self._recovered_until, end_offset)
        self._advance()
        if max(self._sync_until, self._recovered_until) > self.log.flushed_offset:
            # More came meanwhile, or a truncation voided this flush: somebody waits.
            self._flusher.request(self)

    def watch(self, poll: LongPoll) -> None:
        self._polls.add(poll)

    def unwatch(self, poll: LongPoll) -> None:
        self._polls.discard(poll)

    def fail(self, error: ErrorCode) -> None:
        """Stop serving, with this error for everyone who waits or comes."""
        self._commits.fail(error)
        self._turn_away(error)

    def retire(self) -> None:
        """Take nothing more; those who wait for a commit still get it."""
        self._turn_away(self.error or ErrorCode.NOT_LEADER_OR_FOLLOWER)

    def _turn_away(self, error: ErrorCode) -> None:
        self.error = error
        for poll in tuple(self._polls):
            poll.wake()
