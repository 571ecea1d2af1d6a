"""Many records of one topic at once: batches are filled whole, without an object for each record."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.appender import Appender
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.sent_records import SentRecords
from ottla.client.producing.topic_queues import TopicQueues
from ottla.core.limits import SEND_MANY_YIELD_RECORDS

Contents = Sequence[bytes | None]


class ManyRecords:
    """Appends them, queue by queue; waits for room where there is none."""

    def __init__(self, accumulator: Accumulator, appender: Appender, sent: SentRecords) -> None:
        self._accumulator = accumulator
        self._appender = appender
        self._sent = sent
        self._unyielded = 0

    async def append(
        self, queues: TopicQueues, values: Contents, keys: Contents | None, partition: int | None
    ) -> None:
        """Raises KafkaError; what was appended before that is sent."""
        if partition is not None:
            await self._append(queues.of_partition(partition), values, keys)
        elif queues.chooser is not None:
            await self._append_apart(queues.chooser, values, keys)
        elif keys is None or queues.ignores_keys:
            await self._append(queues, values, keys)
        else:
            await self._append_apart(
                lambda key: queues.keyless if key is None else queues.of_key(key), values, keys
            )

    async def _append_apart(
        self, choose: Callable[[bytes | None], PartitionQueue], values: Contents, keys: Contents | None
    ) -> None:
        """Each queue's records, in the order in which they were given."""
        by_queue: defaultdict[PartitionQueue, list[int]] = defaultdict(list)
        for index in range(len(values)):
            by_queue[choose(None if keys is None else keys[index])].append(index)
        for queue, indexes in by_queue.items():
            self._sent.ranked(indexes)
            theirs = None if keys is None else [keys[index] for index in indexes]
            await self._append(queue, [values[index] for index in indexes], theirs)

    async def _append(
        self, where: TopicQueues | PartitionQueue, values: Contents, keys: Contents | None
    ) -> None:
        start = 0
        while start < len(values):
            try:
                end = self._appender.append_some(where, values, keys, start, self._sent)
            except BufferFull:
                await self._accumulator.memory.room(self._accumulator.settings.batch_size)
                continue
            self._unyielded += end - start
            if self._unyielded >= SEND_MANY_YIELD_RECORDS:
                self._unyielded = 0
                await asyncio.sleep(0)
            start = end
