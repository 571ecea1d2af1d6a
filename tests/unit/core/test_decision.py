"""The order in which a decision is carried out."""

import pytest

from ottla.core.decision import Decision, carry_out


def test_records_are_applied_before_what_follows_is_decided() -> None:
    log: list[str] = []

    def then() -> Decision[str, str]:
        log.append("decided again")
        return Decision(records=["c"], replies=[(2, "second")])

    first = Decision(records=["a", "b"], replies=[(1, "first")], then=then)
    replies = carry_out(first, lambda records: log.append(f"appended {records}"), log.append)
    assert log == ["appended ['a', 'b']", "a", "b", "decided again", "appended ['c']", "c"]
    assert replies == [(1, "first"), (2, "second")]


def test_nothing_is_applied_that_is_not_appended() -> None:
    applied: list[str] = []

    def full(_: list[str]) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        carry_out(Decision(records=["a"], replies=[(1, "first")]), full, applied.append)
    assert applied == []


def test_a_decision_without_records_appends_nothing() -> None:
    def never(_: object) -> None:
        raise AssertionError

    assert carry_out(Decision(replies=[(1, "only")]), never, never) == [(1, "only")]


def test_who_must_be_told_is_known_when_a_later_link_cannot_be_written() -> None:
    """The first link is written and applied; its replies wait for what never comes."""
    room = ["a"]

    def append(records: list[str]) -> None:
        if records != room:
            raise OSError("full")

    second = Decision(records=["b"], replies=[(2, "second")])
    applied: list[str] = []
    told: list[tuple[int, str]] = []
    with pytest.raises(OSError, match="full"):
        carry_out(
            Decision(records=["a"], replies=[(1, "first")], then=lambda: second),
            append,
            applied.append,
            told,
        )
    assert applied == ["a"]
    assert told == [(1, "first"), (2, "second")]
