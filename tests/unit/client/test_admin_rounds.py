"""Rounds of the admin: what is asked again, what is settled, and what ends it all."""

from collections.abc import Callable
from typing import Any

import pytest

from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_CONTROLLER, OF_COORDINATOR, OF_LEADER, by_broker, settle
from ottla.client.config.settings import AdminSettings
from ottla.core.errors import (
    AuthenticationError,
    ErrorCode,
    KafkaError,
    NotFoundError,
    StaleMetadataError,
)

STALE = KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, "not leader")
GONE = KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, "no such group")
CUT = KafkaError(ErrorCode.NETWORK_EXCEPTION, "cut")
NOBODY = KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, "no broker answers")


class FakeCluster:
    """A clock that goes on a second with every look, and metadata that is always fresh."""

    settings = AdminSettings(default_api_timeout_ms=10_000, retry_backoff_ms=0)

    def __init__(self) -> None:
        self.clock = self
        self.now = 0.0
        self.refreshed = 0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now

    async def refresh(self, _: object) -> None:
        self.refreshed += 1


async def run(
    rounds: list[Any], items: str = "ab", again: frozenset[ErrorCode] = OF_LEADER
) -> tuple[Results[str, int], list[list[str]]]:
    """Each round an answer, or what is raised; the last one is repeated. The result, and what was asked for."""
    asked: list[list[str]] = []

    async def attempt(left: list[str]) -> Any:
        asked.append(left)
        answer = rounds.pop(0) if len(rounds) > 1 else rounds[0]
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    return await settle(FakeCluster(), items, attempt, again), asked  # type: ignore[arg-type]


async def test_only_what_is_open_is_asked_again() -> None:
    results, asked = await run([{"a": 1, "b": STALE, "c": GONE}, {"b": 2}], "abc")
    assert results == {"a": 1, "b": 2, "c": GONE}
    assert list(results) == ["a", "b", "c"]
    assert asked == [["a", "b", "c"], ["b"]]


async def test_a_round_that_fails_is_done_again() -> None:
    results, asked = await run([CUT, NOBODY, {"a": 1, "b": 2}])
    assert results.checked() == {"a": 1, "b": 2}
    assert len(asked) == 3


async def test_nobody_there_from_the_beginning_is_told_at_once() -> None:
    with pytest.raises(KafkaError, match="no broker answers"):
        await run([NOBODY])


async def test_what_will_not_pass_is_raised() -> None:
    with pytest.raises(AuthenticationError):
        await run([KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED)])


async def test_in_the_end_each_thing_has_its_last_error() -> None:
    results, asked = await run([{"a": 1, "b": STALE}])
    assert results.failed == {"b": STALE}
    assert len(asked) > 2


async def test_in_the_end_a_cut_connection_is_raised() -> None:
    with pytest.raises(KafkaError, match="cut"):
        await run([CUT])


async def test_a_silent_broker_is_an_error() -> None:
    results, _ = await run([{"a": 1}])
    assert results.failed["b"].code == ErrorCode.UNKNOWN_SERVER_ERROR


async def test_nothing_to_ask_asks_nothing() -> None:
    assert await run([GONE], "") == ({}, [])


@pytest.mark.parametrize(
    ("again", "code", "is_asked_again"),
    [
        (OF_LEADER, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, False),
        (OF_LEADER, ErrorCode.FENCED_LEADER_EPOCH, True),
        (OF_CONTROLLER, ErrorCode.REQUEST_TIMED_OUT, False),  # it may have been done after all
        (OF_CONTROLLER, ErrorCode.NOT_CONTROLLER, True),
        (OF_COORDINATOR, ErrorCode.NOT_COORDINATOR, True),
        (OF_COORDINATOR, ErrorCode.NON_EMPTY_GROUP, False),
    ],
)
async def test_which_errors_are_worth_another_round(
    again: frozenset[ErrorCode], code: ErrorCode, *, is_asked_again: bool
) -> None:
    _, asked = await run([{"a": KafkaError(code)}, {"a": 1}], "a", again)
    assert len(asked) == (2 if is_asked_again else 1)


async def test_one_request_to_each_broker_and_an_error_of_one_is_not_the_others() -> None:
    places = {"a": 1, "b": 2, "c": 1, "d": STALE, "e": 3}

    async def broker_of(item: str) -> int:
        place = places[item]
        if isinstance(place, KafkaError):
            raise place
        return place

    asked: list[tuple[int, list[str]]] = []

    async def ask(broker: int, items: list[str]) -> dict[str, str | KafkaError]:
        asked.append((broker, items))
        if broker == 3:
            raise CUT
        return {item: f"{item} at {broker}" for item in items}

    answers = await by_broker(list(places), broker_of, ask)
    assert answers == {"a": "a at 1", "b": "b at 2", "c": "c at 1", "d": STALE, "e": CUT}
    assert asked == [(1, ["a", "c"]), (2, ["b"]), (3, ["e"])]


def test_results_by_item() -> None:
    results: Results[str, int] = Results({"a": 1, "b": GONE, "c": STALE})
    assert results.succeeded == {"a": 1}
    assert results.failed == {"b": GONE, "c": STALE}
    assert results.one("a") == 1
    calls: list[tuple[Callable[[], object], type[KafkaError]]] = [
        (results.checked, NotFoundError),
        (lambda: results.one("c"), StaleMetadataError),
    ]
    for call, kind in calls:
        with pytest.raises(kind):
            call()
