"""What becomes of each batch: saved, to be sent again, to be split, or given up."""

import logging
from collections.abc import Iterable

from ottla.client.brokers.address import Address
from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.brokers.refresher import Refresher
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.counters import ProducerCounters
from ottla.client.producing.idempotence import LOST_THE_THREAD, PERHAPS_APPENDED
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.client.producing.produce_request import ProduceExchange, refusal
from ottla.client.transactions.gate import TransactionGate
from ottla.core.errors import ErrorCode, FencedError, KafkaError, RequestTimedOutError, StaleMetadataError
from ottla.core.limits import CONCURRENT_BACKOFF_SECONDS
from ottla.wire.messages.produce import PartitionProduceResponse, ProduceResponse

_log = logging.getLogger("ottla.client")

_SAVED = (ErrorCode.NONE, ErrorCode.DUPLICATE_SEQUENCE_NUMBER)
_NOTHING_CAN_BE_SENT = (
    ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
)


class ProduceAnswers:
    """Takes the sender's batches back and decides."""

    def __init__(
        self,
        cluster: Cluster,
        accumulator: Accumulator,
        refresher: Refresher,
        counters: ProducerCounters,
        gate: TransactionGate | None,
    ) -> None:
        self._cluster = cluster
        self._accumulator = accumulator
        self._refresher = refresher
        self._counters = counters
        self._gate = gate
        self.problem = "no leader is known"
        """Why something is sent again."""

    def answered(
        self,
        leader: int,
        batches: Iterable[OutgoingBatch],
        exchange: ProduceExchange,
        response: ProduceResponse,
    ) -> None:
        """The broker's answer to a request with these batches."""
        answers = exchange.answers(response)
        for partition, answer in answers.items():
            self._follow_hint(partition, answer, response)
        for batch in batches:
            found = answers.get(batch.queue.partition)
            if found is None:
                problem = f"{batch.queue.partition}: broker {leader} did not answer for it"
                self._failed(batch, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, problem, broker=leader))
            elif found.error_code in _SAVED:
                self._saved(batch, found)
            else:
                self._failed(batch, refusal(batch, found, leader))

    def unanswered(self, batches: Iterable[OutgoingBatch], error: KafkaError) -> None:
        """The request failed as a whole; what the broker has of it is not known."""
        for batch in batches:
            self._failed(batch, error, was_answered=False)

    def expired(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """Its time is over; if it is away, it is only remembered as long as it is."""
        self._fail(batch, error)

    def leaderless(self, queue: PartitionQueue, now: float) -> None:
        """Nobody takes its batches at the moment."""
        self.problem = f"{queue.partition} has no leader"
        queue.failures += 1
        self._accumulator.postpone(queue, now + backoff_seconds(self._accumulator.settings, queue.failures))
        self._refresher.need(queue.partition.topic)

    def _saved(self, batch: OutgoingBatch, answer: PartitionProduceResponse) -> None:
        if not batch.is_settled:
            self._counters.batches_delivered += 1
            self._counters.records_delivered += batch.records_count
            self._counters.bytes_delivered += batch.size_bytes
        known = answer.error_code == ErrorCode.NONE
        self._accumulator.delivered(
            batch, answer.base_offset if known else -1, answer.log_append_time_ms if known else -1
        )

    def _failed(self, batch: OutgoingBatch, error: KafkaError, *, was_answered: bool = True) -> None:
        queue = batch.queue
        if batch.is_settled:
            self._accumulator.put_back(batch, 0.0)
        elif error.code in LOST_THE_THREAD and batch.base_sequence >= 0:
            self._lost_the_thread(batch, error)
        elif error.code == ErrorCode.MESSAGE_TOO_LARGE and batch.records_count > 1:
            self._counters.batches_split += 1
            limit_bytes = self._accumulator.split(batch)
            _log.info(
                "%s; batches for %s are %d bytes at most from now on", error, queue.partition, limit_bytes
            )
        elif self._is_worth_another_attempt(batch, error):
            self._again(batch, error)
        else:
            if was_answered and error.code not in PERHAPS_APPENDED and not error.retriable:
                queue.refused(batch)
            self._give_up(batch, error)

    def _is_worth_another_attempt(self, batch: OutgoingBatch, error: KafkaError) -> bool:
        if self._gate is not None and self._gate.is_ending_badly:
            return False
        return error.retriable and batch.attempts <= self._accumulator.settings.retries

    def _lost_the_thread(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """Rule 5 of `ottla.client.producing.partition_queue`."""
        if not batch.queue.is_oldest(batch):
            self._again(batch, error)
        elif self._gate is None:
            batch.queue.must_restart = True
            self._again(batch, error)
        else:
            self._give_up(batch, error)

    def _again(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """After a while, and with fresh metadata if that may be the reason."""
        self.problem = str(error)
        self._counters.batches_retried += 1
        queue = batch.queue
        now = self._cluster.clock.monotonic()
        queue.failures += 1
        delay = backoff_seconds(self._accumulator.settings, queue.failures)
        if error.code == ErrorCode.CONCURRENT_TRANSACTIONS:
            delay = min(delay, CONCURRENT_BACKOFF_SECONDS)
        if _asks_for_metadata(error):
            if self._has_moved(batch, error):
                delay = 0.0
            else:
                self._refresher.need(queue.partition.topic)
        self._accumulator.put_back(batch, now + delay)

    def _give_up(self, batch: OutgoingBatch, error: KafkaError) -> None:
        self._fail(batch, error)
        self._accumulator.give_up(batch, error)
        if self._gate is None and isinstance(error, FencedError):
            self._accumulator.identity = (
                None  # this id is of no use any more; the next batch asks for another
            )
        if error.code in _NOTHING_CAN_BE_SENT:
            self._accumulator.close(error)

    def _fail(self, batch: OutgoingBatch, error: KafkaError) -> None:
        if batch.is_settled:
            return
        if self._gate is not None:
            error = self._gate.batch_failed(error)
        self._counters.records_failed += batch.records_count
        if not batch.outcome.is_awaited:
            _log.warning("%d records were not delivered: %s", batch.records_count, error)
        self._accumulator.fail(batch, error)

    def _has_moved(self, batch: OutgoingBatch, error: KafkaError) -> bool:
        """Whether the answer itself said who leads now (KIP-951)."""
        leader = self._cluster.metadata.leader(batch.queue.partition)
        return error.broker is not None and leader is not None and leader != error.broker

    def _follow_hint(
        self, partition: TopicPartition, answer: PartitionProduceResponse, response: ProduceResponse
    ) -> None:
        """Take over who leads now, where the broker says so (KIP-951)."""
        leader = answer.current_leader
        if leader.leader_id >= 0:
            endpoints = {each.node_id: Address(each.host, each.port) for each in response.node_endpoints}
            self._cluster.metadata = self._cluster.metadata.with_leader(
                partition, leader.leader_id, leader.leader_epoch, endpoints
            )


def _asks_for_metadata(error: KafkaError) -> bool:
    """Whether the leader may be another by now."""
    return isinstance(error, StaleMetadataError | RequestTimedOutError) or (
        error.code == ErrorCode.NETWORK_EXCEPTION
    )
