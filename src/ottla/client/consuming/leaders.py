"""One question about many partitions, asked of their leaders. Each partition has its own answer, or its own error."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ottla.client.brokers.cluster import Cluster, topic_error
from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Answers = Mapping[TopicPartition, Answer | KafkaError]


def leader_of(cluster: Cluster, partition: TopicPartition) -> int:
    """Its node id, by what is known. Raises KafkaError."""
    metadata = cluster.metadata
    leader = metadata.leader(partition)
    if leader is not None:
        return leader
    topic = metadata.topics.get(partition.topic)
    if topic is None or topic.error is not ErrorCode.NONE:
        error = topic.error if topic is not None else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        raise topic_error(partition.topic, error)
    if partition.partition not in topic.partitions:
        text = f"topic {partition.topic} has no partition {partition.partition}"
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)
    raise KafkaError(ErrorCode.LEADER_NOT_AVAILABLE, f"{partition} has no leader")


async def ask_leaders(
    cluster: Cluster,
    questions: Mapping[TopicPartition, Asked],
    ask: Callable[[int, Mapping[TopicPartition, Asked]], Awaitable[Answers[Answer]]],
) -> dict[TopicPartition, Answer | KafkaError]:
    """`ask` of each leader, at once, about its partitions. What it leaves out is an error of the broker's."""
    answers: dict[TopicPartition, Answer | KafkaError] = {}
    by_leader: defaultdict[int, dict[TopicPartition, Asked]] = defaultdict(dict)
    for partition, question in questions.items():
        try:
            by_leader[leader_of(cluster, partition)][partition] = question
        except KafkaError as error:
            answers[partition] = error
    found = await asyncio.gather(*(_answers(ask, leader, theirs) for leader, theirs in by_leader.items()))
    for each in found:
        answers.update(each)
    return answers


async def _answers(
    ask: Callable[[int, Mapping[TopicPartition, Asked]], Awaitable[Answers[Answer]]],
    leader: int,
    questions: Mapping[TopicPartition, Asked],
) -> Answers[Answer]:
    try:
        answers = await ask(leader, questions)
    except KafkaError as error:
        return dict.fromkeys(questions, error)
    silence = KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"broker {leader} left partitions out of its answer")
    return {partition: answers.get(partition, silence) for partition in questions}
