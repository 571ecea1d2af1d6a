"""A record as a line of JSON, there and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.cli.errors import CommandError
from ottla.cli.json_records import InputRecord, record_from_json, record_to_json
from ottla.records.record import Record

data = st.none() | st.binary(max_size=20) | st.text(max_size=10).map(str.encode)
headers = st.lists(st.tuples(st.text(max_size=5), data), max_size=3).map(tuple)


@given(data, data, headers, st.integers(-1, 2**53), st.integers(0, 2**53))
def test_nothing_is_lost_there_and_back(
    key: bytes | None,
    value: bytes | None,
    heads: tuple[tuple[str, bytes | None], ...],
    timestamp: int,
    offset: int,
) -> None:
    record = Record(offset=offset, timestamp=timestamp, timestamp_type=0, key=key, value=value, headers=heads)
    line = record_to_json("topic", 3, record)
    assert b"\n" not in line
    assert record_from_json(line, "line 1") == InputRecord(value, key, heads, timestamp, 3)
    assert json.loads(line)["offset"] == offset


def test_text_is_text_and_the_rest_is_base64() -> None:
    record = Record(
        offset=0, timestamp=5, timestamp_type=0, key=b"\xff\xfe", value="žůžo".encode(), headers=()
    )
    assert record_to_json("t", 0, record).decode() == (
        '{"topic":"t","partition":0,"offset":0,"timestamp":5,"key":{"base64":"//4="},"value":"žůžo","headers":[]}'
    )


def test_only_a_value_is_needed() -> None:
    assert record_from_json(b'{"value": null}', "line 1") == InputRecord(None)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"hello", "line 9: not JSON"),
        (b"\xff", "line 9: not JSON"),
        (b"[]", 'at least "value"'),
        (b'{"key": "k"}', 'at least "value"'),
        (b'{"value": 5}', "line 9: value must be a string"),
        (b'{"value": {"base64": "*"}}', "line 9: value is not base64"),
        (b'{"value": {"base64": "", "more": 1}}', "value must be a string"),
        (b'{"value": "v", "key": []}', "line 9: key must be"),
        (b'{"value": "v", "headers": {"a": "b"}}', "headers must be a list"),
        (b'{"value": "v", "headers": [["a", "b"]]}', "a header must be"),
        (b'{"value": "v", "headers": [{"key": "a", "value": 1}]}', "header a must be a string"),
        (b'{"value": "v", "timestamp": "now"}', "timestamp must be a whole number"),
        (b'{"value": "v", "partition": true}', "partition must be a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_the_line(line: bytes, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        record_from_json(line, "line 9")
