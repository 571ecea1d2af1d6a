"""Questions about groups, good and bad, to a served broker: the codes, epochs and states that Apache Kafka gave."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.compat.test_group_answers import ApacheTalker
from tests.support.group_questions import ANSWERS, DIFFERENCES, QUESTIONS, Answers
from tests.support.process import BrokerProcess

from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.wire.types import ZERO_UUID

pytestmark = [pytest.mark.compat, pytest.mark.timeout(300)]

EXPECTED: dict[str, Answers] = ast.literal_eval(ANSWERS.read_text())


@pytest.fixture(scope="module")
def talker(
    broker_kind: type[BrokerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApacheTalker]:
    defaults = {"group.consumer.heartbeat.interval.ms": "5000"}  # Kafka's, which the answers tell
    with broker_kind(tmp_path_factory.mktemp("questions"), defaults).start() as broker:
        yield ApacheTalker(broker.port)


@pytest.fixture(scope="module")
def served(talker: ApacheTalker) -> dict[str, Answers]:
    """All questions once and in order: some depend on those before."""
    return {question.__name__: question(talker) for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_the_kept_answers(
    request: pytest.FixtureRequest, served: dict[str, Answers], question: Callable[..., Answers]
) -> None:
    name = question.__name__
    differs = DIFFERENCES if request.config.getoption("--broker") == "ottla" else set()
    for place, (answer, wanted) in enumerate(zip(served[name], EXPECTED[name], strict=True)):
        assert (answer != wanted) == ((name, place) in differs), (place, answer, wanted)


NO_TOPIC, NO_TOPIC_ID = 3, 100
NOWHERE = bytes(range(16))
Codes = dict[tuple[str, int], int]


def committing(talker: ApacheTalker, version: int, *topics: tuple[str, bytes, int]) -> Codes:
    """One commit of these partitions; what became of each."""
    request = OffsetCommitRequest(
        group_id="unknown-topics",
        generation_id_or_member_epoch=-1,
        topics=[
            OffsetCommitRequestTopic(
                name=name,
                topic_id=topic_id,
                partitions=[OffsetCommitRequestPartition(partition_index=index, committed_offset=7)],
            )
            for name, topic_id, index in topics
        ],
    )
    response = talker.ask(request, version)
    return _codes(response, talker)


def _codes(response: Any, talker: ApacheTalker) -> Codes:
    names = {talker.topic_id: "a", NOWHERE: "nowhere"}
    return {
        (topic.name or names[topic.topic_id], partition.partition_index): partition.error_code
        for topic in response.topics
        for partition in topic.partitions
    }


def test_commits_of_unknown_topics(talker: ApacheTalker) -> None:
    """They are refused alone; the others are committed."""
    for version in (2, 9):
        codes = committing(talker, version, ("nowhere", ZERO_UUID, 0), ("a", ZERO_UUID, 0))
        assert codes == {("nowhere", 0): NO_TOPIC, ("a", 0): 0}
        assert committing(talker, version, ("a", ZERO_UUID, 9)) == {("a", 9): NO_TOPIC}
    codes = committing(talker, 10, ("", NOWHERE, 0), ("", talker.topic_id, 1))
    assert codes == {("nowhere", 0): NO_TOPIC_ID, ("a", 1): 0}


def test_offsets_of_unknown_topics(talker: ApacheTalker) -> None:
    """By name there simply is no offset; an id is unknown."""
    committing(talker, 9, ("a", ZERO_UUID, 0))

    def fetched(version: int, name: str, topic_id: bytes, index: int) -> tuple[int, int, str | None]:
        topic = OffsetFetchRequestTopics(name=name, topic_id=topic_id, partition_indexes=[index])
        group = OffsetFetchRequestGroup(group_id="unknown-topics", topics=[topic])
        (answer,) = talker.ask(OffsetFetchRequest(groups=[group]), version).groups
        (partition,) = answer.topics[0].partitions
        return partition.error_code, partition.committed_offset, partition.metadata

    assert fetched(9, "a", ZERO_UUID, 0) == (0, 7, "")
    assert fetched(9, "a", ZERO_UUID, 9) == (0, -1, "")
    assert fetched(9, "nowhere", ZERO_UUID, 0) == (0, -1, "")
    assert fetched(10, "", talker.topic_id, 0) == (0, 7, "")
    assert fetched(10, "", NOWHERE, 0) == (NO_TOPIC_ID, -1, "")


def test_deletions_of_offsets_of_unknown_topics(talker: ApacheTalker) -> None:
    committing(talker, 9, ("a", ZERO_UUID, 0))
    topics = [
        OffsetDeleteRequestTopic(name=name, partitions=[OffsetDeleteRequestPartition(partition_index=index)])
        for name, index in (("nowhere", 0), ("a", 0))
    ]
    response = talker.ask(OffsetDeleteRequest(group_id="unknown-topics", topics=topics), 0)
    codes = {topic.name: topic.partitions[0].error_code for topic in response.topics}
    assert (response.error_code, codes) == (0, {"nowhere": NO_TOPIC, "a": 0})
