"""Small parts are joined, large ones handed over as they are."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ottla.net.writing import gathered

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_large_part_is_the_same_object() -> None:
    large = bytearray(20_000)
    parts = gathered([b"a", b"b", large, b"c", b"d"])
    assert parts == [b"ab", large, b"cd"]
    assert parts[1] is large


@UNHURRIED
@given(st.lists(st.one_of(st.binary(max_size=9), st.integers(16_000, 17_000).map(bytes)), max_size=12))
def test_the_bytes_stay_the_same(parts: list[bytes]) -> None:
    assert b"".join(gathered(parts)) == b"".join(parts)
