"""Connection limits, by arithmetic alone."""

import pytest

from ottla.net.admission import Admission, ConnectionLimits


def test_without_limits_everybody_may_come() -> None:
    admission = Admission(ConnectionLimits())
    assert all(admission.enter("10.0.0.1", 0.0) for _ in range(1_000))
    assert admission.count == 1_000
    assert not admission.full
    assert admission.delay_s(0.0) == 0


def test_full_until_one_leaves() -> None:
    admission = Admission(ConnectionLimits(max_connections=2))
    assert admission.enter("a", 0)
    assert not admission.full
    assert admission.enter("b", 0)
    assert admission.full
    admission.leave("a")
    assert not admission.full


def test_a_host_has_its_share_and_an_override_another() -> None:
    limits = ConnectionLimits(
        max_connections_per_ip=1, max_connections_per_ip_overrides={"10.0.0.2": 2, "bad": 0}
    )
    admission = Admission(limits)
    assert [admission.enter("10.0.0.1", 0) for _ in range(2)] == [True, False]
    assert [admission.enter("10.0.0.2", 0) for _ in range(3)] == [True, True, False]
    assert not admission.enter("bad", 0)
    assert admission.count == 3
    admission.leave("10.0.0.1")
    assert admission.enter("10.0.0.1", 0)


def test_the_creation_rate_allows_one_second_at_once_and_then_its_pace() -> None:
    admission = Admission(ConnectionLimits(max_connection_creation_rate=10))
    for _ in range(10):
        assert admission.delay_s(100.0) == 0
        admission.enter("a", 100.0)
    assert admission.delay_s(100.0) == pytest.approx(0.1)
    assert admission.delay_s(100.11) == 0
    admission.enter("a", 100.11)
    assert admission.delay_s(100.11) == pytest.approx(0.09)
    assert admission.delay_s(200.0) == 0


def test_over_any_time_no_more_than_the_rate_and_one_burst() -> None:
    admission = Admission(ConnectionLimits(max_connection_creation_rate=50))
    accepted = 0
    for millisecond in range(4_000):
        while admission.delay_s(millisecond / 1000) <= 1e-9:
            admission.enter("a", millisecond / 1000)
            accepted += 1
    assert 240 <= accepted <= 250
