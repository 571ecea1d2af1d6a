"""Puts encoded records into the open batches of their queues."""

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.delivery import Delivery, Outcome
from ottla.client.producing.failures import too_large
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.record_encoding import EncodedRecords, Headers, headers_bytes
from ottla.client.producing.sender import Sender
from ottla.client.producing.sent_records import SentRecords
from ottla.client.producing.topic_queues import TopicQueues
from ottla.core.clock import Clock
from ottla.records.builder import BatchBuilder

RECORD_OVERHEAD_BYTES = 32
"""Of a record's own fields, at most, besides key, value and headers."""

_BATCH_HEADER_BYTES = 61


class Appender:
    """One record at a time, or many."""

    def __init__(self, accumulator: Accumulator, sender: Sender, clock: Clock) -> None:
        self._accumulator = accumulator
        self._sender = sender
        self._clock = clock
        self._max_bytes = accumulator.settings.max_request_size

    def append(
        self,
        queues: TopicQueues,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None,
        timestamp_ms: int,
    ) -> Delivery:
        """Raises BufferFull, RecordTooLargeError, KafkaError; ValueError for an impossible timestamp."""
        # The hot path of `send_nowait`: straight on, calls only where something changes.
        is_sticky = False
        if partition is not None:
            queue = queues.of_partition(partition)
        elif queues.chooser is not None:
            queue = queues.chooser(key)
        elif key is None or queues.ignores_keys:
            queue, is_sticky = queues.keyless, True
        else:
            queue = queues.of_key(key)
        size_bytes = RECORD_OVERHEAD_BYTES
        if value is not None:
            size_bytes += len(value)
        if key is not None:
            size_bytes += len(key)
        if headers:
            size_bytes += headers_bytes(headers)
        builder = queue.builder
        if builder is None or builder.size_in_bytes + size_bytes > queue.open_limit_bytes:
            return self._append_to_new(
                queues if is_sticky else queue, size_bytes, (timestamp_ms, key, value, headers)
            )
        assert queue.outcome is not None
        return Delivery(queue.outcome, builder.append(timestamp_ms, key, value, headers), timestamp_ms)

    def _append_to_new(
        self,
        place: TopicQueues | PartitionQueue,
        size_bytes: int,
        record: tuple[int, bytes | None, bytes | None, Headers],
    ) -> Delivery:
        """The queue's batch is full, or there is none; a sticky queue may be another now, whose batch has room."""
        if size_bytes + _BATCH_HEADER_BYTES > self._max_bytes:
            raise too_large(size_bytes, self._max_bytes)
        queue = place if isinstance(place, PartitionQueue) else self._moved(place)
        builder = queue.builder
        if builder is None or builder.size_in_bytes + size_bytes > queue.open_limit_bytes:
            builder = self.open(queue, size_bytes)
        try:
            index = builder.append(*record)
        except BaseException:
            self._accumulator.discard_empty(queue)
            raise
        assert queue.outcome is not None
        return Delivery(queue.outcome, index, record[0])

    def open(self, queue: PartitionQueue, size_bytes: int, expected_bytes: int = 0) -> BatchBuilder:
        """A new batch of the queue, which the sender hears of. Raises BufferFull."""
        builder = self._accumulator.open(queue, size_bytes, self._clock.monotonic(), expected_bytes)
        self._sender.opened()
        return builder

    def press_awaited(self, outcome: Outcome) -> None:
        """Somebody awaits a record of this batch."""
        queue = self._accumulator.queue(TopicPartition(outcome.topic, outcome.partition))
        if queue.outcome is outcome:
            self._accumulator.press_awaited(queue)
            self._sender.wake()

    def _moved(self, queues: TopicQueues) -> PartitionQueue:
        """The sticky queue, after its batch was closed: that is what its stickiness is measured by."""
        queues.keyless.close_open()
        queues.look()
        return queues.keyless

    def append_some(
        self,
        queues: TopicQueues | PartitionQueue,
        records: EncodedRecords,
        start: int,
        sent: SentRecords,
    ) -> int:
        """Fill one batch with records from index `start` on. Returns the index of the first that is left.

        Raises BufferFull, with nothing done.
        """
        queue = queues if isinstance(queues, PartitionQueue) else self._moved_when_full(queues)
        values, keys, headers = records
        builder = queue.builder
        if builder is None:
            size_bytes = (
                RECORD_OVERHEAD_BYTES + len(values[start] or b"") + len((keys and keys[start]) or b"")
            )
            if headers is not None:
                size_bytes += headers_bytes(headers[start])
            if size_bytes + _BATCH_HEADER_BYTES > self._max_bytes:
                sent.add_failed(1, queue.partition, too_large(size_bytes, self._max_bytes))
                return start + 1
            builder = self.open(queue, size_bytes, size_bytes * (len(values) - start))
        outcome, index = queue.outcome, builder.records_count
        assert outcome is not None
        try:
            end = builder.append_many(sent.timestamp_ms, values, keys, start, queue.open_limit_bytes, headers)
        except BaseException:
            self._accumulator.discard_empty(queue)
            raise
        if end > start:
            sent.add(end - start, outcome, index)
        if end < len(values):
            self._accumulator.filled(queue)
        return end

    def _moved_when_full(self, queues: TopicQueues) -> PartitionQueue:
        if queues.keyless.builder is None:
            queues.look()
        return queues.keyless
