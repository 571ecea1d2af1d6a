"""What each request of a fetch session says."""

from typing import Any

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.fetch_session import FINAL_EPOCH, FetchSession, SessionPart, Wish
from ottla.core.errors import ErrorCode
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.fetch import FetchResponse

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
IDS = {"a": b"a" * 16, "b": b"b" * 16}


def wishes(**offsets: int) -> dict[TopicPartition, Wish]:
    names = {"a0": A0, "a1": A1, "b0": B0}
    return {names[name]: Wish(IDS[names[name].topic], offset, 3, 1000) for name, offset in offsets.items()}


def asked(part: SessionPart) -> dict[str, int]:
    return {f"{t.topic}{p.partition}": p.fetch_offset for t in part.topics for p in t.partitions}


def forgotten(part: SessionPart) -> set[str]:
    return {f"{topic.topic}{number}" for topic in part.forgotten for number in topic.partitions}


def opened(**offsets: int) -> FetchSession:
    session = FetchSession()
    session.request(wishes(**offsets))
    session.answered(FetchResponse(session_id=9))
    return session


def test_the_first_request_is_full_and_the_next_say_what_has_changed() -> None:
    session = FetchSession()
    part = session.request(wishes(a0=1, a1=2))
    assert (part.session_id, part.epoch, asked(part)) == (0, 0, {"a0": 1, "a1": 2})
    session.answered(FetchResponse(session_id=9))
    part = session.request(wishes(a0=1, a1=5, b0=0))
    assert (part.session_id, part.epoch, asked(part), forgotten(part)) == (9, 1, {"a1": 5, "b0": 0}, set())
    session.answered(FetchResponse(session_id=9))
    part = session.request(wishes(b0=0))
    assert (part.epoch, asked(part), forgotten(part)) == (2, {}, {"a0", "a1"})


def test_after_a_lost_answer_everything_is_said_again_in_the_old_sessions_place() -> None:
    session = opened(a0=1)
    session.request(wishes(a0=2))
    session.broken()
    part = session.request(wishes(a0=2, b0=1))
    assert (part.session_id, part.epoch, asked(part)) == (9, 0, {"a0": 2, "b0": 1})


def test_a_broker_that_forgot_the_session_gets_a_new_one() -> None:
    for code, session_id in [
        (ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 0),
        (ErrorCode.INVALID_FETCH_SESSION_EPOCH, 9),
    ]:
        session = opened(a0=1)
        session.request(wishes(a0=1))
        session.answered(FetchResponse(error_code=code))
        part = session.request(wishes(a0=1))
        assert (part.session_id, part.epoch, asked(part)) == (session_id, 0, {"a0": 1})


def test_a_broker_without_sessions_is_told_everything_every_time() -> None:
    session = FetchSession()
    for offset in range(3):
        part = session.request(wishes(a0=offset))
        assert (part.session_id, part.epoch, asked(part)) == (0, 0, {"a0": offset})
        session.answered(FetchResponse(session_id=0))


def test_a_topic_made_anew_is_forgotten_and_asked_for_by_its_new_id() -> None:
    session = opened(a0=1, b0=1)
    anew = {**wishes(b0=1), A0: Wish(b"n" * 16, 0, 0, 1000)}
    part = session.request(anew)
    assert asked(part) == {"a0": 0}
    assert [topic.topic_id for topic in part.topics] == [b"n" * 16]
    assert [topic.topic_id for topic in part.forgotten] == [IDS["a"]]
    assert session.names() == {b"n" * 16: "a", IDS["b"]: "b"}


def test_topics_without_ids_start_a_session_of_names() -> None:
    session = opened(a0=1)
    part = session.request({A0: Wish(ZERO_UUID, 1, 3, 1000)})
    assert (part.uses_topic_ids, part.epoch) == (False, 0)


def test_epochs_start_over_at_one() -> None:
    session = opened(a0=1)
    state: Any = session
    state._epoch = 2**31 - 1
    assert session.request(wishes(a0=1)).epoch == 2**31 - 1
    session.answered(FetchResponse(session_id=9))
    assert session.request(wishes(a0=1)).epoch == 1
    assert FINAL_EPOCH < 0
