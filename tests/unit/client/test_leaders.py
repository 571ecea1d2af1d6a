"""Asking many partitions' leaders at once: nobody waits for another one's leader."""

from collections.abc import Mapping
from typing import Any

from ottla.client.brokers.address import Address
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.config.settings import ClientSettings
from ottla.client.consuming.leaders import ask_leaders
from ottla.core.errors import ErrorCode, KafkaError


def led_by(*leaders: int) -> Metadata:
    """A topic `t` with a partition for each, and the brokers 1 and 2."""
    partitions = {
        number: PartitionMetadata(leader, 0, (1, 2), (1, 2), ErrorCode.NONE)
        for number, leader in enumerate(leaders)
    }
    topic = TopicMetadata("t", bytes(16), is_internal=False, error=ErrorCode.NONE, partitions=partitions)
    return Metadata(brokers={1: Address("h", 1), 2: Address("h", 2)}, topics={"t": topic})


async def test_each_partition_has_its_own_answer_or_error() -> None:
    cluster = Cluster("localhost:9092", ClientSettings())
    cluster.metadata = led_by(1, 2, -1, 1)

    async def ask(leader: int, theirs: Mapping[TopicPartition, str]) -> dict[TopicPartition, str]:
        if leader == 2:
            raise KafkaError(ErrorCode.NETWORK_EXCEPTION, "gone")
        return {partition: question.upper() for partition, question in theirs.items() if question != "d"}

    questions = {TopicPartition("t", number): letter for number, letter in enumerate("abcd")}
    questions |= {TopicPartition("t", 9): "e", TopicPartition("u", 0): "f"}
    answers: dict[TopicPartition, Any] = await ask_leaders(cluster, questions, ask)
    assert answers.keys() == questions.keys()
    assert answers[TopicPartition("t", 0)] == "A"
    assert [getattr(answers[TopicPartition("t", number)], "code", None) for number in (1, 2, 3, 9)] == [
        *(ErrorCode.NETWORK_EXCEPTION, ErrorCode.LEADER_NOT_AVAILABLE, ErrorCode.UNKNOWN_SERVER_ERROR),
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    assert answers[TopicPartition("t", 9)].message == "topic t has no partition 9"
    assert "topic u does not exist" in answers[TopicPartition("u", 0)].message
