"""Produce (key 0), versions 3–13 (0 is advertised as the minimum, as Apache Kafka does, for old librdkafka's sake).

One batch of format v2 per partition; topics by id from version 13 on. acks=0 gets no reply, and a closed connection
when something failed; acks=1 is answered after the append; acks=all once the batch is committed: on disk where
`log.flush.acks=all` holds, else when the high watermark has passed it. The first batch of a transaction in a partition
is admitted by the transaction's coordinator (`broker/admission`), which adds the partition from version 12 on.

Deviations: with one replica, acks=all means «on disk» by default, which is more than Apache Kafka promises. Of a
partition that is named twice in one request both batches are appended, where Apache Kafka appends the last alone. Every
refusal says why and tells the log start offset. A transactional batch without a transactional id is refused alone,
where Apache Kafka refuses the whole request; a plain one under a transactional id is taken.
"""

import asyncio

from ottla.broker.admission import Admission
from ottla.broker.appending import ALL, Appending
from ottla.broker.call import Call
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.waiting import within
from ottla.cluster.controller.names import INTERNAL_TOPICS
from ottla.core.errors import ErrorCode, KafkaError
from ottla.log.validate import Refusal
from ottla.net.errors import CloseConnection
from ottla.wire.messages.produce import (
    BatchIndexAndErrorMessage,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

NO_REPLY, LEADER = 0, 1
ADMIN_CLIENT_ID = "__admin_client"
ACKS = (ALL, NO_REPLY, LEADER)
TOPIC_IDS_SINCE = 13

Wait = tuple[PartitionProduceResponse, asyncio.Future[ErrorCode]]


async def produce(
    partitions: Partitions, appending: Appending, request: ProduceRequest, call: Call
) -> ProduceResponse | None:
    """Append every partition's batch, wait for what `acks` asks for, and tell each its offset or error."""
    waits: list[Wait] = []
    topics = []
    refusal = ErrorCode.NONE if request.acks in ACKS else ErrorCode.INVALID_REQUIRED_ACKS
    admission = None
    if request.transactional_id is not None and not refusal:
        try:
            admission = await appending.lines.admit(appending.gate, partitions, request, call.version)
        except KafkaError as error:
            refusal = error.code
    for topic in request.topic_data:
        name = topic.topic_id if call.version >= TOPIC_IDS_SINCE else topic.name
        answers = []
        for data in topic.partition_data:
            partition = partitions.opened(name, data.index) or partitions.find(name, data.index)
            if refusal and isinstance(partition, Partition):
                partition = refusal
            if _is_closed_to(partition, call):
                partition = ErrorCode.INVALID_TOPIC_EXCEPTION
            answers.append(_append(appending, partition, data, request.acks, call.version, waits, admission))
        topics.append(
            TopicProduceResponse(name=topic.name, topic_id=topic.topic_id, partition_responses=answers)
        )
    if waits:
        await _committed(waits, request.timeout_ms / 1000)
    response = ProduceResponse(responses=topics)
    if request.acks != NO_REPLY:
        return response
    _close_on_error(response)
    return None


def _is_closed_to(partition: Partition | ErrorCode, call: Call) -> bool:
    """Internal topics are written by their coordinators, and by who calls itself what Kafka's admin client does."""
    return (
        isinstance(partition, Partition)
        and partition.topic in INTERNAL_TOPICS
        and call.client_id != ADMIN_CLIENT_ID
    )


def _append(
    appending: Appending,
    partition: Partition | ErrorCode,
    data: PartitionProduceData,
    acks: int,
    version: int,
    waits: list[Wait],
    admission: Admission | None,
) -> PartitionProduceResponse:
    """One partition's answer; when it must wait to be true, the wait is added to `waits`."""
    if isinstance(partition, ErrorCode):
        return _refused(data.index, Refusal(partition), -1)
    outcome = appending.append(partition, data.records, acks, version, admission)
    if isinstance(outcome, Refusal):
        return _refused(data.index, outcome, partition.log.log_start_offset)
    answer = PartitionProduceResponse(
        index=data.index,
        base_offset=outcome.base_offset,
        log_append_time_ms=outcome.append_time_ms,
        log_start_offset=partition.log.log_start_offset,
    )
    if acks == ALL and (future := partition.committed(outcome.last_offset + 1)) is not None:
        waits.append((answer, future))
    return answer


def _refused(index: int, refusal: Refusal, log_start_offset: int) -> PartitionProduceResponse:
    return PartitionProduceResponse(
        index=index,
        error_code=refusal.error,
        base_offset=-1,
        log_start_offset=log_start_offset,
        error_message=refusal.message,
        record_errors=[
            BatchIndexAndErrorMessage(batch_index=number, batch_index_error_message=message)
            for number, message in refusal.record_errors
        ],
    )


async def _committed(waits: list[Wait], seconds: float) -> None:
    """Wait until each is committed; one deadline for all."""
    deadline = asyncio.get_running_loop().time() + seconds
    for answer, future in waits:
        error = await within(future, deadline - asyncio.get_running_loop().time())
        if error:
            answer.error_code, answer.base_offset = error, -1


def _close_on_error(response: ProduceResponse) -> None:
    """With acks=0 a closed connection is the only sign there is."""
    for topic in response.responses:
        for answer in topic.partition_responses:
            if answer.error_code:
                error = ErrorCode(answer.error_code).name
                raise CloseConnection(f"produce with acks=0 to {topic.name}-{answer.index} failed: {error}")
