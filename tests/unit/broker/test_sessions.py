"""Fetch sessions (KIP-227): epochs, what is told again, room for newcomers."""

import pytest

from ottla.broker.sessions import FetchSessions, Session, Wanted
from ottla.core.errors import ErrorCode
from ottla.core.limits import FETCH_SESSION_IDLE_SECONDS, MAX_SESSION_EPOCH
from ottla.wire.messages.fetch import EpochEndOffset, PartitionData


def wanted(index: int, topic: str = "t", offset: int = 0) -> Wanted:
    return Wanted(topic, index, offset, 1024, -1, -1, -1)


def opened(sessions: FetchSessions, count: int = 1, now: float = 0.0) -> Session:
    session = sessions.open([wanted(index) for index in range(count)], now, uses_topic_ids=False)
    assert session is not None
    return session


def test_epochs_count_up_and_a_wrong_one_is_refused() -> None:
    sessions = FetchSessions(10)
    session = opened(sessions)
    number = session.session_id
    assert sessions.resume(number, 1, 0, uses_topic_ids=False) is session
    assert sessions.resume(number, 2, 0, uses_topic_ids=False) is session
    assert sessions.resume(number, 2, 0, uses_topic_ids=False) is ErrorCode.INVALID_FETCH_SESSION_EPOCH
    assert sessions.resume(number + 1, 1, 0, uses_topic_ids=False) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert sessions.resume(number, 3, 0, uses_topic_ids=True) is ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR


def test_after_the_last_epoch_comes_one() -> None:
    sessions = FetchSessions(10)
    session = opened(sessions)
    session.epoch = MAX_SESSION_EPOCH
    assert sessions.resume(session.session_id, MAX_SESSION_EPOCH, 0, uses_topic_ids=False) is session
    assert session.epoch == 1


def test_a_change_adds_moves_and_forgets() -> None:
    session = opened(FetchSessions(10), count=3)
    session.change([wanted(1, offset=77), wanted(9)], [("t", 0)])
    assert [(each.index, each.fetch_offset) for each in session.partitions.values()] == [
        (1, 77),
        (2, 0),
        (9, 0),
    ]


def test_a_served_partition_goes_to_the_end() -> None:
    session = opened(FetchSessions(10), count=3)
    session.served(("t", 0))
    assert [each.index for each in session.partitions.values()] == [1, 2, 0]


@pytest.mark.parametrize(
    "news",
    [
        PartitionData(high_watermark=5, log_start_offset=0, records=b"x"),
        PartitionData(high_watermark=6, log_start_offset=0, records=b""),
        PartitionData(high_watermark=5, log_start_offset=1, records=b""),
        PartitionData(high_watermark=5, log_start_offset=0, records=b"", error_code=1),
        PartitionData(
            high_watermark=5,
            log_start_offset=0,
            records=b"",
            diverging_epoch=EpochEndOffset(epoch=1, end_offset=2),
        ),
    ],
)
def test_only_what_is_new_is_told_again(news: PartitionData) -> None:
    each = wanted(0)
    same = PartitionData(high_watermark=5, log_start_offset=0, records=b"")
    assert each.is_news(same)
    assert not each.is_news(same)
    assert each.is_news(news)


def test_a_full_cache_makes_room_for_a_larger_session_or_when_one_is_idle() -> None:
    sessions = FetchSessions(2)
    small, large = opened(sessions, 1), opened(sessions, 5)
    assert sessions.open([wanted(0)], 1.0, uses_topic_ids=False) is None
    assert opened(sessions, 2, now=1.0) is not None
    assert (
        sessions.resume(small.session_id, 1, 1.0, uses_topic_ids=False)
        is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    )
    late = FETCH_SESSION_IDLE_SECONDS + 0.5
    assert opened(sessions, 1, now=late) is not None
    assert (
        sessions.resume(large.session_id, 1, late, uses_topic_ids=False)
        is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    )
    assert len(sessions) == 2
    assert sessions.evictions == 2


def test_no_slots_means_no_session() -> None:
    assert FetchSessions(0).open([wanted(0)], 0, uses_topic_ids=False) is None


def test_a_session_may_begin_empty_as_apache_kafkas_do() -> None:
    session = FetchSessions(5).open([], 0, uses_topic_ids=False)
    assert session is not None
    session.change([wanted(3)], [])
    assert [each.index for each in session.partitions.values()] == [3]
