"""The broker's supply of producer ids: a block at a time from the cluster."""

import asyncio

from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.producer_ids import allocate_producer_ids


class ProducerIds:
    """Each id is given once in the life of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._block = iter(range(0))
        self._one_at_a_time = asyncio.Lock()

    async def next(self) -> int:
        """An id that nobody has. Raises KafkaError when the metadata cannot be written."""
        async with self._one_at_a_time:
            producer_id = next(self._block, None)
            if producer_id is None:
                block: range = await self._cluster.change(allocate_producer_ids)
                self._block = iter(block)
                producer_id = next(self._block)
            return producer_id
