"""How stdin becomes records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.cli.errors import CommandError
from ottla.cli.input_lines import LineFormat, Splitter
from ottla.cli.json_records import InputRecord


def split(delimiter: bytes, chunks: list[bytes]) -> list[bytes]:
    splitter = Splitter(delimiter)
    return [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.end()


@given(st.lists(st.binary(max_size=9)), st.sampled_from([b"\n", b"\0", b"ab", b"\r\n", b"aaa"]))
def test_where_the_chunks_are_cut_does_not_matter(chunks: list[bytes], delimiter: bytes) -> None:
    expected = b"".join(chunks).split(delimiter)
    assert split(delimiter, chunks) == (expected if expected[-1] else expected[:-1])


def test_an_empty_line_is_an_empty_record_and_the_last_newline_is_not() -> None:
    assert split(b"\n", [b"a\n\nb\n"]) == [b"a", b"", b"b"]


def test_no_delimiter_makes_one_record_of_it_all() -> None:
    assert split(b"", [b"a\n", b"\0b\n"]) == [b"a\n\0b\n"]


def test_keys_nulls_and_headers() -> None:
    lines = LineFormat(key_separator=b"::", null_marker=b"~", headers=(("h", b"1"),))
    assert lines.record(b"k::v::w", "line 1") == InputRecord(b"v::w", b"k", (("h", b"1"),))
    assert lines.record(b"~::~", "line 1") == InputRecord(None, None, (("h", b"1"),))
    assert lines.record(b"::", "line 1") == InputRecord(b"", b"", (("h", b"1"),))


def test_without_options_a_line_is_its_value() -> None:
    assert LineFormat().record(b"", "line 1") == InputRecord(b"")


def test_a_line_without_the_separator_is_named() -> None:
    with pytest.raises(CommandError, match="line 3: no key separator"):
        LineFormat(key_separator=b":").record(b"novalue", "line 3")
