"""Fetch (key 1), versions 4–18: read record batches, waiting for them if asked to.

Served: long polling by `max_wait_ms` and `min_bytes`; the size rules of KIP-74 (partitions in request order, the first
batch whole whatever its size, afterwards hard limits); sessions (KIP-227); topic ids (13+); leader epochs (9+) and
diverging epochs (12+). A reader of committed transactions (isolation level 1) gets nothing past the last stable offset,
and the aborted transactions of what it gets by their first offset.

Deviations: a reply holds whole batches, and what they leave of a limit is for the next partition; Apache Kafka fills
it with a part of a batch that clients skip. An isolation level that does not exist is 0, where Apache Kafka 4.2 fails
with UNKNOWN_SERVER_ERROR. A session names a deleted topic's id as unknown, like a fetch without one (Apache Kafka: the
partition). No partition has followers until this broker replicates: one that asks gets NOT_LEADER_OR_FOLLOWER, and
`current_leader`, for there is no other, is never told.
"""

from collections.abc import Iterator

from ottla.broker.call import Call
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.reading import Reading
from ottla.broker.sessions import FINAL_EPOCH, INITIAL_EPOCH, NO_SESSION, FetchSessions, Key, Session, Wanted
from ottla.broker.traffic import Traffic
from ottla.broker.waiting import LongPoll
from ottla.core.clock import Clock
from ottla.core.errors import ErrorCode
from ottla.wire.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData

TOPIC_IDS_SINCE, REPLICA_STATE_SINCE = 13, 15
NO_EPOCH = NO_REPLICA = -1
"""As any negative number."""
READ_COMMITTED = 1


async def fetch(
    partitions: Partitions,
    sessions: FetchSessions,
    traffic: Traffic,
    clock: Clock,
    max_bytes: int,
    request: FetchRequest,
    call: Call,
) -> FetchResponse:
    """Read what is there; when that is less than `min_bytes`, park until it is enough or `max_wait_ms` passed."""
    uses_topic_ids = call.version >= TOPIC_IDS_SINCE
    session = _session(sessions, request, clock.monotonic(), uses_topic_ids=uses_topic_ids)
    if isinstance(session, ErrorCode):
        return FetchResponse(error_code=session)
    wanted = (
        list({each.key: each for each in _wanted(request, uses_topic_ids=uses_topic_ids)}.values())
        if session is None
        else list(session.partitions.values())
    )
    found = [(each, partitions.find(each.topic, each.index)) for each in wanted]
    if _replica(request, call.version) > NO_REPLICA:
        found = [(each, _refused(partition)) for each, partition in found]
    read_committed = request.isolation_level == READ_COMMITTED
    reading = Reading(found, min(request.max_bytes, max_bytes), read_committed=read_committed)
    deadline = clock.monotonic() + request.max_wait_ms / 1000
    await reading.read()
    while found and reading.bytes < request.min_bytes and not reading.urgent:
        left = deadline - clock.monotonic()
        if left <= 0:
            break
        if not reading.outdated:
            opened = [partition for _, partition in found if isinstance(partition, Partition)]
            poll = LongPoll(request.min_bytes - reading.bytes, read_committed=read_committed)
            await poll.wait(opened, left)
        await reading.read()
    reading.count(traffic)
    if session is None:
        return FetchResponse(
            session_id=NO_SESSION, responses=_by_topic(wanted, reading.results, uses_topic_ids)
        )
    return _session_response(session, wanted, reading.results, is_full=request.session_epoch == INITIAL_EPOCH)


def _session(
    sessions: FetchSessions, request: FetchRequest, now: float, *, uses_topic_ids: bool
) -> Session | ErrorCode | None:
    """The session this request opens or continues, None for a fetch without one, or why it is refused."""
    if request.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
        sessions.close(request.session_id)
        if request.session_epoch == FINAL_EPOCH:
            return None
        return sessions.open(
            _wanted(request, uses_topic_ids=uses_topic_ids), now, uses_topic_ids=uses_topic_ids
        )
    session = sessions.resume(request.session_id, request.session_epoch, now, uses_topic_ids=uses_topic_ids)
    if isinstance(session, Session):
        session.change(_wanted(request, uses_topic_ids=uses_topic_ids), _forgotten(request, uses_topic_ids))
        if not session.partitions:
            sessions.close(session.session_id)
            return None
    return session


def _replica(request: FetchRequest, version: int) -> int:
    """The follower that asks; negative for a consumer."""
    return request.replica_state.replica_id if version >= REPLICA_STATE_SINCE else request.replica_id


def _refused(partition: Partition | ErrorCode) -> ErrorCode:
    """A follower is told that it is none of this partition's."""
    return partition if isinstance(partition, ErrorCode) else ErrorCode.NOT_LEADER_OR_FOLLOWER


def _wanted(request: FetchRequest, *, uses_topic_ids: bool) -> list[Wanted]:
    return [
        Wanted(
            topic.topic_id if uses_topic_ids else topic.topic,
            each.partition,
            each.fetch_offset,
            each.partition_max_bytes,
            max(each.current_leader_epoch, NO_EPOCH),
            each.last_fetched_epoch,
            each.log_start_offset,
        )
        for topic in request.topics
        for each in topic.partitions
    ]


def _forgotten(request: FetchRequest, uses_topic_ids: bool) -> Iterator[Key]:
    for topic in request.forgotten_topics_data:
        for index in topic.partitions:
            yield (topic.topic_id if uses_topic_ids else topic.topic, index)


def _session_response(
    session: Session, wanted: list[Wanted], results: list[PartitionData], *, is_full: bool
) -> FetchResponse:
    """A full reply tells everything; an incremental one only what is news, and turns the order for fairness."""
    told = [(each, data) for each, data in zip(wanted, results, strict=True) if each.is_news(data) or is_full]
    for each, data in told:
        if data.records and each.key in session.partitions:
            session.served(each.key)
    return FetchResponse(
        session_id=session.session_id,
        responses=_by_topic([each for each, _ in told], [data for _, data in told], session.uses_topic_ids),
    )


def _by_topic(
    wanted: list[Wanted], results: list[PartitionData], uses_topic_ids: bool
) -> list[FetchableTopicResponse]:
    """Neighbours of one topic share an entry, in the order in which they were asked for."""
    topics: list[FetchableTopicResponse] = []
    last: str | bytes | None = None
    for each, data in zip(wanted, results, strict=True):
        if each.topic != last:
            last = each.topic
            topics.append(_topic(last, uses_topic_ids))
        topics[-1].partitions.append(data)
    return topics


def _topic(topic: str | bytes, uses_topic_ids: bool) -> FetchableTopicResponse:
    if uses_topic_ids:
        assert isinstance(topic, bytes)
        return FetchableTopicResponse(topic_id=topic, partitions=[])
    assert isinstance(topic, str)
    return FetchableTopicResponse(topic=topic, partitions=[])
