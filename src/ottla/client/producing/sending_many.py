"""Many records of one topic at once: batches are filled whole, without an object for each record."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from itertools import repeat

from ottla.client.producing.appender import Appender
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.record_encoding import EncodedRecords
from ottla.client.producing.sent_records import SentRecords
from ottla.client.producing.topic_queues import TopicQueues
from ottla.core.errors import KafkaError
from ottla.core.limits import SEND_MANY_YIELD_RECORDS


class ManyRecords:
    """Appends them, queue by queue; waits for room where there is none. What comes of each is in `sent`."""

    def __init__(
        self, appender: Appender, wait_for_room: Callable[[], Awaitable[None]], sent: SentRecords
    ) -> None:
        self._appender = appender
        self._wait_for_room = wait_for_room
        self._sent = sent
        self._unyielded = 0
        self._error: KafkaError | None = None
        """Why nothing more can be appended."""

    async def append(self, queues: TopicQueues, records: EncodedRecords, partition: int | None) -> None:
        """Raises KafkaError, with nothing appended, when there is no such partition."""
        if partition is not None:
            await self._append(queues.of_partition(partition), records)
        elif queues.chooser is not None:
            await self._append_apart(_chosen(queues.chooser, records), records)
        elif records.keys is None or queues.ignores_keys:
            await self._append(queues, records)
        else:
            await self._append_apart(queues.by_key(records.keys), records)

    async def _append_apart(
        self, indexes_by_queue: Mapping[PartitionQueue, list[int]], records: EncodedRecords
    ) -> None:
        """Each queue's records, in the order in which they were given."""
        for queue, indexes in indexes_by_queue.items():
            self._sent.ranked(indexes)
            await self._append(queue, records.at(indexes))

    async def _append(self, where: TopicQueues | PartitionQueue, records: EncodedRecords) -> None:
        start, count = 0, len(records.values)
        while start < count and self._error is None:
            try:
                start = self._appended(where, records, start)
            except BufferFull:
                await self._made_room()
            except KafkaError as error:
                self._error = error
            if self._unyielded >= SEND_MANY_YIELD_RECORDS:
                self._unyielded = 0
                await asyncio.sleep(0)
        if self._error is not None and start < count:
            queue = where if isinstance(where, PartitionQueue) else where.keyless
            self._sent.add_failed(count - start, queue.partition, self._error)

    def _appended(self, where: TopicQueues | PartitionQueue, records: EncodedRecords, start: int) -> int:
        end = self._appender.append_some(where, records, start, self._sent)
        self._unyielded += end - start
        return end

    async def _made_room(self) -> None:
        try:
            await self._wait_for_room()
        except KafkaError as error:
            self._error = error


def _chosen(
    choose: Callable[[bytes | None], PartitionQueue], records: EncodedRecords
) -> Mapping[PartitionQueue, list[int]]:
    """The queue of each record, chosen one by one."""
    indexes: defaultdict[PartitionQueue, list[int]] = defaultdict(list)
    keys = records.keys or repeat(None, len(records.values))
    for index, key in enumerate(keys):
        indexes[choose(key)].append(index)
    return indexes
