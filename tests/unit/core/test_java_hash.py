"""Java's string hash, by values that Java gives."""

import pytest

from ottla.core.java_hash import coordinator_partition, java_hash


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        ("", 0),
        ("abc", 96354),
        ("hello world", 1794106052),
        ("polygenelubricants", -(2**31)),
        ("ü", 252),
        ("😀", 1772899),
    ],
)
def test_as_java(text: str, hashed: int) -> None:
    assert java_hash(text) == hashed


def test_every_key_has_a_partition() -> None:
    assert coordinator_partition("polygenelubricants", 50) == 0
    assert {coordinator_partition(f"group-{n}", 4) for n in range(100)} == {0, 1, 2, 3}
