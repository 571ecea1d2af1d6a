"""Records: delete all before an offset."""

from collections.abc import Mapping

from ottla.client.admin.arguments import by_partition
from ottla.client.admin.calls import Calls, by_topic, refused, topics_of
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_LEADER, by_broker, settle
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)

ALL = -1
"""In place of an offset: everything up to the high watermark."""


class RecordCalls(Calls):
    """Of the Admin."""

    async def delete_records(self, before: Mapping[TopicPartition, int]) -> Results[TopicPartition, int]:
        """Delete what is before each offset; the first offset that is left (KIP-107)."""
        wanted = by_partition(before)

        async def ask(broker: int, left: list[TopicPartition]) -> Mapping[TopicPartition, int | KafkaError]:
            topics = [
                DeleteRecordsTopic(
                    name=topic,
                    partitions=[
                        DeleteRecordsPartition(
                            partition_index=index, offset=wanted[TopicPartition(topic, index)]
                        )
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(left).items()
            ]
            request = DeleteRecordsRequest(topics=topics, timeout_ms=self._timeout_ms)
            return _answers(await self._cluster.ask(broker, request, DeleteRecordsResponse))

        async def attempt(left: list[TopicPartition]) -> Mapping[TopicPartition, int | KafkaError]:
            await self._cluster.refresh(topics_of(left))
            return await by_broker(left, self._leader, ask)

        return await settle(self._cluster, wanted, attempt, OF_LEADER)


def _answers(response: DeleteRecordsResponse) -> dict[TopicPartition, int | KafkaError]:
    answers: dict[TopicPartition, int | KafkaError] = {}
    for topic in response.topics:
        for partition in topic.partitions:
            item = TopicPartition(topic.name, partition.partition_index)
            is_done = partition.error_code == ErrorCode.NONE
            answers[item] = partition.low_watermark if is_done else refused(str(item), partition.error_code)
    return answers
