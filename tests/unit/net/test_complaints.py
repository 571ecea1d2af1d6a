"""The same complaint about the same host is one line in a while."""

import logging

import pytest

from ottla.net.complaints import Complaints


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_repeats_are_counted_not_written(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    complaints = Complaints(clock)
    for _ in range(5):
        complaints.warn("frame", "10.0.0.1", "junk")
    complaints.warn("frame", "10.0.0.2", "junk from another")
    complaints.warn("other", "10.0.0.1", "another kind")
    assert caplog.messages == ["junk", "junk from another", "another kind"]
    clock.now += 11
    complaints.warn("frame", "10.0.0.1", "junk")
    assert caplog.messages[-1] == "junk (4 more like it since)"
    clock.now += 11
    complaints.warn("frame", "10.0.0.1", "junk")
    assert caplog.messages[-1] == "junk"


def test_an_error_is_one_line_with_its_stack_only_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(Clock())
    caplog.set_level(logging.INFO, "ottla.net")
    complaints.error("a", "h", "it broke", ValueError("x"))
    assert caplog.records[-1].exc_info is None
    caplog.set_level(logging.DEBUG, "ottla.net")
    complaints.error("b", "h", "it broke", ValueError("x"))
    assert caplog.records[-1].exc_info is not None


def test_what_is_remembered_is_bounded() -> None:
    complaints = Complaints(Clock())
    for host in range(2_500):
        complaints.warn("frame", str(host), "junk")
    assert len(complaints._last) <= 1_000
