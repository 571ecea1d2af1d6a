"""Produce requests out of batches, and what the answers say about each (versions 3 to 13)."""

from collections import defaultdict
from collections.abc import Iterable

from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.config.settings import ProducerSettings
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)

LAST_VERSION_WITH_NAMES = 12
"""Later ones tell topics by their ids (KIP-516)."""


class ProduceExchange:
    """One request with batches of different partitions, and the reading of its answer."""

    def __init__(
        self, batches: Iterable[OutgoingBatch], metadata: Metadata, settings: ProducerSettings
    ) -> None:
        by_topic: defaultdict[str, list[PartitionProduceData]] = defaultdict(list)
        for batch in batches:
            topic, index = batch.queue.partition
            if records := batch.encode():
                by_topic[topic].append(PartitionProduceData(index=index, records=records))
        self._ids = {topic: _topic_id(metadata, topic) for topic in by_topic}
        self.request = ProduceRequest(
            transactional_id=settings.transactional_id,
            acks=settings.acks,
            timeout_ms=settings.request_timeout_ms,
            topic_data=[
                TopicProduceData(name=topic, topic_id=self._ids[topic], partition_data=data)
                for topic, data in by_topic.items()
            ],
        )

    @property
    def max_version(self) -> int | None:
        """None for the highest there is."""
        return LAST_VERSION_WITH_NAMES if ZERO_UUID in self._ids.values() else None

    def answers(self, response: ProduceResponse) -> dict[TopicPartition, PartitionProduceResponse]:
        """By partition; those that the broker forgot are missing."""
        names = {topic_id: topic for topic, topic_id in self._ids.items()}
        return {
            TopicPartition(topic.name or names.get(topic.topic_id, ""), answer.index): answer
            for topic in response.responses
            for answer in topic.partition_responses
        }

    def silent_answer(self) -> ProduceResponse:
        """The answer to a request that gets none (acks=0): it is on its way, and that is all that is known."""
        responses = [
            TopicProduceResponse(
                name=topic.name,
                partition_responses=[
                    PartitionProduceResponse(index=data.index, base_offset=-1)
                    for data in topic.partition_data
                ],
            )
            for topic in self.request.topic_data
        ]
        return ProduceResponse(responses=responses)


def refusal(batch: OutgoingBatch, answer: PartitionProduceResponse, broker: int) -> KafkaError:
    """The error in an answer, with the broker's words where it has some."""
    code = ErrorCode(answer.error_code)
    reasons = [record.batch_index_error_message or "" for record in answer.record_errors]
    reason = answer.error_message or "; ".join(filter(None, reasons)) or code.name
    message = f"{batch.queue.partition}: {reason}"
    return KafkaError(code, message, broker=broker, api="Produce", advice=_ADVICE.get(code, ""))


_ADVICE = {
    ErrorCode.MESSAGE_TOO_LARGE: "send less in one record, or raise the topic's max.message.bytes",
    ErrorCode.TOPIC_AUTHORIZATION_FAILED: "this user needs WRITE on the topic",
    ErrorCode.INVALID_TIMESTAMP: "the record's timestamp_ms is further from the broker's clock than it allows",
    ErrorCode.UNSUPPORTED_COMPRESSION_TYPE: "choose another compression_type",
}


def _topic_id(metadata: Metadata, topic: str) -> bytes:
    known = metadata.topics.get(topic)
    return known.topic_id if known is not None else ZERO_UUID
