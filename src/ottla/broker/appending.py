"""From a produced batch to its offset: is it well made, does it come twice, is there a disk for it?"""

from ottla.broker.admission import Admission, ClosedGate, TransactionGate
from ottla.broker.admission_lines import AdmissionLines
from ottla.broker.partition import Partition
from ottla.broker.traffic import Traffic
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.log import Appended
from ottla.log.producers import NO_PRODUCER_ID, AppendedBatch
from ottla.log.validate import Refusal, validate
from ottla.net.complaints import Complaints
from ottla.records.batch import TRANSACTIONAL_BIT, Batch
from ottla.wire.types import Buffer

ALL = -1
_ATTRIBUTES = 22
"""Where a batch's lower byte of attributes is."""


class Appending:
    """Appends what clients produce. `sync_acks_all`: `log.flush.acks=all`, so that acks=all means «on disk».

    `gate`: whom to ask about a transaction's first batch in a partition; without one no transaction is served.
    """

    def __init__(
        self, clock: Clock, traffic: Traffic, *, sync_acks_all: bool, gate: TransactionGate | None = None
    ) -> None:
        self.gate = gate or ClosedGate()
        self.lines = AdmissionLines()
        self._now_ms = clock.now_ms
        self._traffic = traffic
        self._sync_acks_all = sync_acks_all
        self._complaints = Complaints(clock.monotonic)

    def append(
        self,
        partition: Partition,
        records: Buffer | None,
        acks: int,
        version: int,
        admission: Admission | None = None,
    ) -> Appended | Refusal:
        """The offsets that the one batch in `records` got, or why it was refused. Nothing is waited for.

        `admission`: what `gate` said, for a request with a transactional id.
        """
        if closed := partition.error or _refusal(partition, records, acks, admission):
            return Refusal(closed)
        now_ms = self._now_ms()
        batch = validate(records, partition.log.config, now_ms, version)
        if isinstance(batch, Refusal):
            self._complaints.warn(batch.error.name, str(partition), _refused(partition, batch))
            return batch
        known = None if batch.producer_id == NO_PRODUCER_ID else _known(partition, batch, admission)
        if known is not None:
            return known
        try:
            appended = partition.append(batch, now_ms, durable=acks == ALL and self._sync_acks_all)
        except KafkaError as failure:
            return Refusal(failure.code, failure.message)
        if admission is not None and batch.is_transactional:
            partition.unverified.settle(batch.producer_id)
        self._traffic.produced(partition, batch.records_count, batch.batch_length + 12)
        return appended


def _refused(partition: Partition, refusal: Refusal) -> str:
    return f"{partition}: refused a batch: {refusal.error.name}: {refusal.message}"


def _refusal(
    partition: Partition, records: Buffer | None, acks: int, admission: Admission | None
) -> ErrorCode:
    """Why no batch would be taken, whatever is in it; NONE when one may be."""
    if records is not None and len(records) > _ATTRIBUTES and records[_ATTRIBUTES] & TRANSACTIONAL_BIT:
        if admission is None:
            return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        if refusal := admission.refusal(partition):
            return refusal
    lacking = acks == ALL and partition.lacks_in_sync_replicas
    return ErrorCode.NOT_ENOUGH_REPLICAS if lacking else ErrorCode.NONE


def _known(partition: Partition, batch: Batch, admission: Admission | None) -> Appended | Refusal | None:
    """What the producer's earlier batches say about this one: it is there already, it cannot follow, or None: go on."""
    verdict = partition.log.producers.check(batch)
    if isinstance(verdict, AppendedBatch):
        return Appended(verdict.base_offset, verdict.last_offset, verdict.timestamp)
    if admission is not None:
        verdict = admission.check(partition, batch) or verdict
    return Refusal(verdict) if verdict else None
