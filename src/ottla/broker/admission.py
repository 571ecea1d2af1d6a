"""Whether transactional batches belong to a transaction that their coordinator knows to be open (KIP-890).

A batch that goes on with its producer's transaction in a partition needs no question. For any other the coordinator is
asked, through the `TransactionGate`, before it is appended: so no transaction is ever open in a partition without its
coordinator's knowledge, and none hangs there for ever.

What must not happen between the question and the append: a marker (the transaction ended meanwhile; then the batch
comes too late), and a batch overtaking an earlier one of a producer that the partition does not know yet.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.unverified import Unverified
from ottla.cluster.controller.names import INTERNAL_TOPICS
from ottla.core.errors import ErrorCode, KafkaError
from ottla.records.batch import HEADER_BYTES, MAGIC, TRANSACTIONAL_BIT, Batch
from ottla.wire.messages.produce import ProduceRequest
from ottla.wire.types import Buffer

ADDS_PARTITIONS_SINCE = 12
"""The Produce version whose first batch adds its partition to the transaction (transaction version 2)."""
ABORTABLE_SINCE = 11
"""The Produce version whose clients know TRANSACTION_ABORTABLE."""
TOPIC_IDS_SINCE = 13

Named = tuple[str, int]
"""A topic and a partition's index."""

_RETRIED_AS_NOT_ENOUGH_REPLICAS = frozenset(
    {
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
    }
)
"""Old clients do not retry a Produce after these; after NOT_ENOUGH_REPLICAS all do, and look for no new leader."""


class TransactionGate(Protocol):
    """Asks the coordinator of a transactional id, which is another part of this broker."""

    async def admit(
        self,
        transactional_id: str,
        producer_id: int,
        producer_epoch: int,
        partitions: AbstractSet[Named],
        produce_version: int,
    ) -> Mapping[Named, ErrorCode]:
        """For each partition NONE when it is part of the producer's ongoing transaction, else the coordinator's error.

        From `ADDS_PARTITIONS_SINCE` on a partition that is not part of it yet is added first. Asked only about
        partitions in which the producer has no transaction open at this epoch. Codes that the client's version does
        not know are translated by the caller. A partition without an answer is admitted.
        """
        ...


class ClosedGate:
    """Admits nothing: a broker that serves no transactions."""

    async def admit(
        self,
        _transactional_id: str,
        _producer_id: int,
        _producer_epoch: int,
        partitions: AbstractSet[Named],
        _produce_version: int,
    ) -> Mapping[Named, ErrorCode]:
        return dict.fromkeys(partitions, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)


class First(NamedTuple):
    """What the first transactional batch for a partition says of its producer."""

    producer_id: int
    producer_epoch: int
    base_sequence: int


class Admission:
    """What the gate said to one Produce request."""

    __slots__ = ("_errors", "_questions", "_version")

    def __init__(
        self, errors: Mapping[Named, ErrorCode], questions: Mapping[Named, Unverified], version: int
    ) -> None:
        self._errors = errors
        self._questions = questions
        self._version = version

    def refusal(self, partition: Partition) -> ErrorCode:
        """Why the coordinator wants no transactional batch in this partition; NONE: it may be looked at."""
        return _known_to(self._errors.get((partition.topic, partition.index), ErrorCode.NONE), self._version)

    def check(self, partition: Partition, batch: Batch) -> ErrorCode:
        """Whether the batch, which is none that came before, may still be appended: NONE, or why not."""
        producers = partition.log.producers
        if not batch.is_transactional or producers.in_transaction(batch.producer_id, batch.producer_epoch):
            return ErrorCode.NONE
        question = self._questions.get((partition.topic, partition.index))
        if question is None or not partition.unverified.is_pending(batch.producer_id, question):
            return ErrorCode.INVALID_TXN_STATE
        starts_late = batch.base_sequence != 0 and producers.get(batch.producer_id) is None
        if starts_late and self._version >= ADDS_PARTITIONS_SINCE:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        overtakes = batch.base_sequence > question.lowest_sequence
        return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER if overtakes else ErrorCode.NONE


async def admit(
    gate: TransactionGate, partitions: Partitions, request: ProduceRequest, version: int
) -> Admission:
    """Ask about all partitions at once, but for those that know the producer's epoch to be over.

    Raises KafkaError: INVALID_PRODUCER_ID_MAPPING for more than one producer.
    """
    assert request.transactional_id is not None
    producers: set[tuple[int, int]] = set()
    questions: dict[Named, Unverified] = {}
    fenced: dict[Named, ErrorCode] = {}
    for topic in request.topic_data:
        name = topic.topic_id if version >= TOPIC_IDS_SINCE else topic.name
        for data in topic.partition_data:
            first = _first(data.records)
            partition = partitions.find(name, data.index) if first is not None else None
            if first is None or not isinstance(partition, Partition) or partition.topic in INTERNAL_TOPICS:
                continue
            producers.add(first[:2])
            if partition.log.producers.has_fenced(first.producer_id, first.producer_epoch):
                fenced[partition.topic, partition.index] = ErrorCode.INVALID_PRODUCER_EPOCH
            elif not partition.log.producers.in_transaction(first.producer_id, first.producer_epoch):
                questions[partition.topic, partition.index] = partition.unverified.ask(*first)
    if len(producers) > 1:
        raise KafkaError(
            ErrorCode.INVALID_PRODUCER_ID_MAPPING,
            "a request's transactional batches are of more than one producer",
        )
    if not questions:
        return Admission(fenced, questions, version)
    [(producer_id, epoch)] = producers
    errors = await gate.admit(request.transactional_id, producer_id, epoch, questions.keys(), version)
    return Admission({**errors, **fenced}, questions, version)


def _first(records: Buffer | None) -> First | None:
    """Who wrote the batch in `records`; None when it is not transactional or no batch. It is validated later."""
    if records is None or len(records) < HEADER_BYTES or records[16] != MAGIC:
        return None
    if not records[22] & TRANSACTIONAL_BIT:
        return None
    numbers = memoryview(records)
    producer_id, epoch, sequence = (
        int.from_bytes(numbers[start:end], "big", signed=True)
        for start, end in ((43, 51), (51, 53), (53, 57))
    )
    return First(producer_id, epoch, sequence) if producer_id >= 0 else None


def _known_to(error: ErrorCode, version: int) -> ErrorCode:
    """What a client of this Produce version is told, so that it does the right thing."""
    if error is ErrorCode.PRODUCER_FENCED:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    if error is ErrorCode.TRANSACTION_ABORTABLE and version < ABORTABLE_SINCE:
        return ErrorCode.INVALID_TXN_STATE
    is_too_early = error is ErrorCode.CONCURRENT_TRANSACTIONS and version < ADDS_PARTITIONS_SINCE
    return (
        ErrorCode.NOT_ENOUGH_REPLICAS if is_too_early or error in _RETRIED_AS_NOT_ENOUGH_REPLICAS else error
    )
