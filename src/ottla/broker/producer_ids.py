"""The broker's supply of producer ids: a block at a time from the cluster."""

import asyncio

from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.producer_ids import allocate_producer_ids
from ottla.core.errors import ErrorCode, KafkaError


class ProducerIds:
    """Each id is given once in the life of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._block = range(0)
        self._one_at_a_time = asyncio.Lock()

    async def next(self) -> int:
        """An id that nobody has. Raises KafkaError when the metadata cannot be written."""
        await self.reserve()
        return self.take()

    async def reserve(self) -> None:
        """See to it that `take` has an id to give. Raises KafkaError as `next` does."""
        while not self._block:
            async with self._one_at_a_time:
                if not self._block:
                    self._block = await self._cluster.change(allocate_producer_ids)

    def take(self) -> int:
        """An id that nobody has. Raises KafkaError when others have taken what was reserved."""
        if not self._block:
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, "no producer id is at hand")
        producer_id, self._block = self._block[0], self._block[1:]
        return producer_id
