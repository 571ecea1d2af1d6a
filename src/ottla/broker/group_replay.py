"""From the batches of a partition of `__consumer_offsets` back to the machine that wrote them."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ottla.groups.records.codec import NO_PRODUCER, GroupRecord, decode
from ottla.records.batch import Batch
from ottla.records.control import ControlType, read_end_transaction_marker
from ottla.records.reader import read_records
from ottla.wire.types import ZERO_UUID, WireError

if TYPE_CHECKING:  # most of the groups floor: not at start
    from ottla.groups.state import GroupState

_log = logging.getLogger(__name__)


def replay(machine: "GroupState", batch: Batch, name: str) -> None:
    """Apply one batch of the partition `name`. Raises CorruptRecordError.

    A record that is none of ours is passed over with a word.
    """
    if batch.is_control:
        marker = read_end_transaction_marker(batch)
        if marker is not None:
            committed = marker.control_type is ControlType.COMMIT
            machine.end_transaction(batch.producer_id, committed=committed)
        return
    producer_id = batch.producer_id if batch.is_transactional else NO_PRODUCER
    for each in list(read_records(batch)):
        try:
            record = decode(each.key or b"", each.value)
        except WireError as error:
            _log.error("%s: the record at offset %d is passed over: %s", name, each.offset, error)
            continue
        if record is not None:
            machine.apply(record._replace(producer_id=producer_id))


def offsets_of_lost_topics(machine: "GroupState") -> Iterator[GroupRecord]:
    """Tombstones for the offsets of topics that were deleted, also when another has their name by now.

    Offsets without a topic id (from before Apache Kafka 4.1) are kept: nobody knows which topic they mean.
    """
    by_id = machine.topics.by_id
    for group_id in machine.offsets.group_ids():
        for key, value in machine.offsets.of_group(group_id):
            if value.topic_id != ZERO_UUID and value.topic_id not in by_id:
                yield GroupRecord(key, None)
