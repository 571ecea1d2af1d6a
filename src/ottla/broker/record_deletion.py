"""Raising a log start offset on request (KIP-107): at once for readers, on disk with the next checkpoint."""

from ottla.broker.housekeeping import Housekeeping
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.core.errors import ErrorCode, KafkaError


class RecordDeletion:
    """What the DeleteRecords handler asks."""

    def __init__(self, partitions: Partitions, housekeeping: Housekeeping) -> None:
        self._partitions = partitions
        self._housekeeping = housekeeping

    async def delete_records(self, topic: str, partition: int, offset: int) -> int | ErrorCode:
        """Forget all before `offset` (-1: before the high watermark). The new log start offset, or the error."""
        found = self._partitions.find(topic, partition)
        if not isinstance(found, Partition):
            return found
        if found.error:
            return found.error
        try:
            low_watermark = found.log.delete_records(offset)
        except KafkaError as error:
            return error.code
        self._housekeeping.retain(found)
        return low_watermark
