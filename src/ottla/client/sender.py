"""Takes due batches to their partitions' leaders, and again when that failed in a way that may pass."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ottla.client.accumulator import Accumulator, OutgoingBatch
from ottla.client.backoff import backoff_seconds
from ottla.client.cluster import Cluster
from ottla.client.metadata import TopicPartition
from ottla.client.refresher import Refresher
from ottla.client.settings import ProducerSettings
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.tasks import Tasks
from ottla.wire.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

MAX_PRODUCE_VERSION = 12
"""The last one that names topics; from 13 on they are told by id."""


class Sender:
    """One loop that starts a request for each leader with due batches. When it ends, every batch is settled."""

    def __init__(
        self, cluster: Cluster, accumulator: Accumulator, settings: ProducerSettings, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._accumulator = accumulator
        self._settings = settings
        self._clock = clock
        self._woken = asyncio.Event()
        self._requests = Tasks("producer")
        self._at_once = 0
        self._problem = "no leader is known"
        self._refresher = Refresher(cluster, self.wake)

    def wake(self) -> None:
        """Something was appended."""
        self._woken.set()

    async def flush(self) -> None:
        """Send without lingering until everything is settled."""
        self._at_once += 1
        self.wake()
        try:
            await self._accumulator.wait_until_empty()
        finally:
            self._at_once -= 1

    async def run(self) -> None:
        """Until cancelled. However it ends, what is not delivered by then fails, and nothing more is accepted."""
        end = "the producer was closed"
        try:
            await self._send()
        except Exception as error:
            end = f"the producer's sender ended: {error!r}"
            raise
        finally:
            await self._requests.close()
            await self._refresher.close()
            self._accumulator.close(KafkaError(ErrorCode.NETWORK_EXCEPTION, end))

    async def _send(self) -> None:
        while True:
            self._woken.clear()
            now = self._clock.monotonic()
            self._accumulator.expire(now, self._refresher.problem or self._problem)
            self._start(self._accumulator.due(now, at_once=self._at_once > 0))
            await self._wait()

    async def _wait(self) -> None:
        due = self._accumulator.next_due()
        timeout = None if due is None else max(0.0, due - self._clock.monotonic())
        try:
            async with asyncio.timeout(timeout):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _start(self, due: Iterable[OutgoingBatch]) -> None:
        by_leader: defaultdict[int, list[OutgoingBatch]] = defaultdict(list)
        for batch in due:
            leader = self._cluster.metadata.leader(batch.partition)
            self._accumulator.take(batch)
            if leader is None:
                problem = f"{batch.partition} has no leader"
                self._again(batch, KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, problem))
            else:
                by_leader[leader].append(batch)
        for leader, batches in by_leader.items():
            for together in self._requests_of(batches):
                self._requests.start(self._deliver(leader, together), f"request to broker {leader}")

    def _requests_of(self, batches: list[OutgoingBatch]) -> Iterator[list[OutgoingBatch]]:
        """Cut what one leader gets into requests of about `max.request.size`."""
        request: list[OutgoingBatch] = []
        size_bytes = 0
        for batch in batches:
            if request and size_bytes + batch.size_bytes > self._settings.max_request_size:
                yield request
                request, size_bytes = [], 0
            request.append(batch)
            size_bytes += batch.size_bytes
        if request:
            yield request

    async def _deliver(self, leader: int, batches: list[OutgoingBatch]) -> None:
        """One request, and what its answer says about each batch."""
        try:
            answers = await self._ask(leader, batches)
        except KafkaError as error:
            for batch in batches:
                self._failed(batch, error)
        except Exception as error:
            for batch in batches:
                self._failed(batch, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)))
            raise
        else:
            for batch in batches:
                self._settle(batch, answers.get(batch.partition))
        finally:
            self.wake()

    async def _ask(
        self, leader: int, batches: list[OutgoingBatch]
    ) -> dict[TopicPartition, PartitionProduceResponse]:
        by_topic: defaultdict[str, list[PartitionProduceData]] = defaultdict(list)
        for batch in batches:
            data = PartitionProduceData(index=batch.partition.partition, records=batch.encoded())
            by_topic[batch.partition.topic].append(data)
        request = ProduceRequest(
            acks=self._settings.acks,
            timeout_ms=self._settings.request_timeout_ms,
            topic_data=[TopicProduceData(name=name, partition_data=data) for name, data in by_topic.items()],
        )
        if self._settings.acks == 0:
            await self._cluster.tell(leader, request, MAX_PRODUCE_VERSION)
            return {batch.partition: PartitionProduceResponse(base_offset=-1) for batch in batches}
        response = await self._cluster.ask(leader, request, ProduceResponse, MAX_PRODUCE_VERSION)
        return {
            TopicPartition(topic.name, answer.index): answer
            for topic in response.responses
            for answer in topic.partition_responses
        }

    def _settle(self, batch: OutgoingBatch, answer: PartitionProduceResponse | None) -> None:
        if answer is None:
            self._failed(
                batch, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"{batch.partition}: not answered")
            )
        elif answer.error_code != ErrorCode.NONE:
            self._failed(batch, _error(batch, answer))
        else:
            batch.delivered(answer.base_offset, answer.log_append_time_ms)
            self._accumulator.finished(batch)

    def _failed(self, batch: OutgoingBatch, error: KafkaError) -> None:
        if error.retriable:
            self._again(batch, error)
        else:
            self._accumulator.give_up(batch, error)

    def _again(self, batch: OutgoingBatch, error: KafkaError) -> None:
        """Once more after a while, and with fresh metadata, for the leader may be another by then."""
        self._problem = str(error)
        delay = backoff_seconds(self._settings, batch.attempts)
        self._accumulator.give_back(batch, self._clock.monotonic() + delay)
        self._refresher.need(batch.partition.topic)


def _error(batch: OutgoingBatch, answer: PartitionProduceResponse) -> KafkaError:
    code = ErrorCode(answer.error_code)
    reasons = [record.batch_index_error_message or "" for record in answer.record_errors]
    reason = answer.error_message or "; ".join(filter(None, reasons)) or code.name
    return KafkaError(code, f"{batch.partition}: {reason}")
