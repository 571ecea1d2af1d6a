"""Committing offsets and reading them back: topics by id where ids are known, and topics that are not there."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import pytest

from ottla.client.brokers.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.config.settings import ClientSettings
from ottla.client.consuming.commits import Commits
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages import offset_commit as committing
from ottla.wire.messages import offset_fetch as fetching

OLD, NEW, NONE = b"o" * 16, b"n" * 16, bytes(16)
PLACE = TopicPartition("t", 0)
ME = GroupMetadata("g", 1, "m")


def metadata(topic_id: bytes) -> Metadata:
    led = PartitionMetadata(1, 0, (1,), (1,), ErrorCode.NONE)
    topic = TopicMetadata("t", topic_id, is_internal=False, error=ErrorCode.NONE, partitions={0: led})
    return Metadata(topics={"t": topic})


class Coordinator:
    """A cluster whose one broker has the topic `t` with the id `has`."""

    def __init__(self, knows: Metadata, has: bytes) -> None:
        self.metadata, self._has = knows, has
        self.settings = ClientSettings(retry_backoff_ms=1, retry_backoff_max_ms=1)
        self.clock = SystemClock()
        self.asked: list[tuple[Any, int | None]] = []

    async def coordinator(self, *_: object) -> int:
        return 1

    async def refresh(self, _topics: Collection[str]) -> None:
        self.metadata = metadata(self._has) if self._has else Metadata()

    async def retrying(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await attempt()
        except KafkaError as error:
            if not error.retriable:
                raise
            return await attempt()

    async def ask(self, _: int, request: Any, __: type, max_version: int | None = None) -> Any:
        version = 10 if max_version is None else max_version
        request = request(version) if callable(request) else request
        self.asked.append((request, max_version))
        if isinstance(request, committing.OffsetCommitRequest):
            [topic] = request.topics
            told = {"name": topic.name} if version < 10 else {"topic_id": topic.topic_id}
            answer = committing.OffsetCommitResponsePartition(error_code=self._code(topic.topic_id, version))
            return committing.OffsetCommitResponse(
                topics=[committing.OffsetCommitResponseTopic(partitions=[answer], **told)]  # type: ignore[arg-type]
            )
        [wanted] = request.groups[0].topics
        told = {"name": wanted.name} if version < 10 else {"topic_id": wanted.topic_id}
        found = fetching.OffsetFetchResponsePartitions(
            committed_offset=7, error_code=self._code(wanted.topic_id, version)
        )
        topics = [fetching.OffsetFetchResponseTopics(partitions=[found], **told)]  # type: ignore[arg-type]
        return fetching.OffsetFetchResponse(groups=[fetching.OffsetFetchResponseGroup(topics=topics)])

    def _code(self, topic_id: bytes, version: int) -> ErrorCode:
        if version < 10:
            return ErrorCode.NONE if self._has else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return ErrorCode.NONE if topic_id == self._has else ErrorCode.UNKNOWN_TOPIC_ID


def commits(coordinator: Any) -> Commits:
    return Commits(coordinator, "g")


@pytest.mark.parametrize(
    ("known", "max_version"), [(metadata(OLD), None), (metadata(NONE), 9), (Metadata(), 9)]
)
async def test_ids_are_used_where_they_are_known(known: Metadata, max_version: int | None) -> None:
    coordinator = Coordinator(known, OLD)
    await commits(coordinator).commit({PLACE: OffsetAndMetadata(7)}, lambda: ME)
    assert await commits(coordinator).committed([PLACE], lambda: ME) == {PLACE: OffsetAndMetadata(7)}
    assert [asked for _, asked in coordinator.asked] == [max_version, max_version]


@pytest.mark.parametrize("has", [NEW, b""])
async def test_offsets_of_a_topic_are_not_committed_for_another_of_its_name(
    has: bytes,
) -> None:
    coordinator = Coordinator(metadata(OLD), has)
    with pytest.raises(
        KafkaError, match=r"offset of t-0 in group g was not committed: .* made anew"
    ) as caught:
        await commits(coordinator).commit({PLACE: OffsetAndMetadata(7)}, lambda: ME)
    assert caught.value.code is ErrorCode.UNKNOWN_TOPIC_ID
    assert len(coordinator.asked) == 1


async def test_what_metadata_still_knows_is_tried_again() -> None:
    coordinator = Coordinator(metadata(NONE), b"")
    coordinator.refresh = _nothing_new  # type: ignore[method-assign]
    with pytest.raises(KafkaError, match="t-0"):
        await commits(coordinator).commit({PLACE: OffsetAndMetadata(7)}, lambda: ME)
    assert len(coordinator.asked) == 2


async def test_offsets_of_a_topic_made_anew_are_read_by_its_new_id() -> None:
    coordinator = Coordinator(metadata(OLD), NEW)
    assert await commits(coordinator).committed([PLACE], lambda: ME) == {PLACE: OffsetAndMetadata(7)}
    assert [request.groups[0].topics[0].topic_id for request, _ in coordinator.asked] == [OLD, NEW]


async def _nothing_new(_topics: Collection[str]) -> None:
    """Metadata that is behind."""
