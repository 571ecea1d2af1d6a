"""What `ottla consume` writes for a record."""

import pytest

from ottla.cli.errors import UsageError
from ottla.cli.formats import compile_format
from ottla.records.record import Record

RECORD = Record(
    offset=7,
    timestamp=1700000000123,
    timestamp_type=0,
    key=b"k",
    value=b"\xff\x00v",
    headers=(("a", b"1"), ("b", None)),
)
TOMBSTONE = Record(offset=8, timestamp=-1, timestamp_type=0, key=None, value=None, headers=())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%s", b"\xff\x00v"),
        ("%t/%p@%o %T", b"orders/3@7 1700000000123"),
        (r"%k\t%s\n", b"k\t\xff\x00v\n"),
        ("%K:%S", b"1:3"),
        ("%h", b"a=1,b=NULL"),
        ("%R", b"\0\0\0\3"),
        ("100%% %%s", b"100% %s"),
        (r"\x41\\n", b"A\\n"),
        ("é", "é".encode()),
        ("", b""),
    ],
)
def test_each_directive(text: str, expected: bytes) -> None:
    assert compile_format(text, b"NULL")("orders", 3, RECORD) == expected


def test_null_is_the_marker_and_has_size_minus_one() -> None:
    assert compile_format("%k|%s|%K|%S|%R", b"NULL")("t", 0, TOMBSTONE) == b"NULL|NULL|-1|-1|\xff\xff\xff\xff"


@pytest.mark.parametrize("text", ["%", "%s %", "%x", r"\q", "\\"])
def test_a_bad_format_is_refused_with_what_is_known(text: str) -> None:
    with pytest.raises(UsageError, match=r"%%|known are"):
        compile_format(text, b"")
