"""Java's .properties syntax; each expectation was read from java.util.Properties."""

import pytest

from ottla.broker.config.properties import parse_properties

CASES = {
    "": {},
    "a=1\nb=2": {"a": "1", "b": "2"},
    "a=1\na=2": {"a": "2"},
    "a = 1 ": {"a": "1 "},
    "  a\t:\t1": {"a": "1"},
    "a 1": {"a": "1"},
    "a\f1": {"a": "1"},
    "a": {"a": ""},
    "a=": {"a": ""},
    "=1": {"": "1"},
    "a==1": {"a": "=1"},
    "a : = 1": {"a": "= 1"},
    "# a=1\n  ! b=2\nc=3 # no comment": {"c": "3 # no comment"},
    "a=1\r\nb=2\rc=3": {"a": "1", "b": "2", "c": "3"},
    "a=1,\\\n   2,\\\n   3": {"a": "1,2,3"},
    "a=1\\\n# not a comment": {"a": "1# not a comment"},
    "a=1\\\\\nb=2": {"a": "1\\", "b": "2"},
    "a=1\\\n\nb=2": {"a": "1", "b": "2"},
    "a\\ b=1": {"a b": "1"},
    "a\\=b\\:c=1": {"a=b:c": "1"},
    "a=\\t\\n\\r\\f\\q": {"a": "\t\n\r\fq"},
    "a=\\  1": {"a": "  1"},
    "a=\\u0041\\u00e9": {"a": "Aé"},
    "a=\\ud83d\\ude00": {"a": "😀"},
    "listeners=PLAINTEXT://:9092": {"listeners": "PLAINTEXT://:9092"},
    "log.dirs=C:\\\\data": {"log.dirs": "C:\\data"},
    "naïve=é": {"naïve": "é"},
}


@pytest.mark.parametrize("text", CASES)
def test_properties(text: str) -> None:
    assert parse_properties(text) == CASES[text]


@pytest.mark.parametrize("text", ["a=\\u12", "a=\\u12g4", "a=\\u-123"])
def test_a_broken_escape_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="four hexadecimal digits"):
        parse_properties(text)
