"""Where `ottla consume` starts."""

from datetime import UTC, datetime

import pytest

from ottla.cli.errors import CommandError, UsageError
from ottla.cli.start_offsets import Anchor, Range, Start, _offset, parse_offset, parse_timestamp
from ottla.client.brokers.metadata import TopicPartition

PARTITION = TopicPartition("t", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("earliest", 10),
        ("latest", 20),
        ("beginning", 10),
        ("end", 20),
        ("10", 10),
        ("15", 15),
        ("20", 20),
        ("-3", 17),
        ("-0", 20),
        ("-99", 10),
    ],
)
def test_offsets(text: str, expected: int) -> None:
    assert _offset(PARTITION, parse_offset(text), Range(10, 20)) == expected


@pytest.mark.parametrize("text", ["9", "21"])
def test_an_offset_that_is_not_there_is_said_with_what_is(text: str) -> None:
    with pytest.raises(CommandError, match=f"t-0 has no offset {text}: it has 10 to 20"):
        _offset(PARTITION, parse_offset(text), Range(10, 20))


@pytest.mark.parametrize("text", ["", "x", "1.5", "--1"])
def test_a_bad_offset_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write a number"):
        parse_offset(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1700000000123", 1700000000123),
        ("2023-11-14T22:13:20Z", 1700000000000),
        ("2023-11-14T23:13:20.500+01:00", 1700000000500),
    ],
)
def test_timestamps(text: str, moment: int) -> None:
    assert parse_timestamp(text) == Start(Anchor.TIME, moment)


def test_a_time_without_a_zone_is_local() -> None:
    local = datetime.fromtimestamp(1700000000, UTC).astimezone().replace(tzinfo=None).isoformat()
    assert parse_timestamp(local) == Start(Anchor.TIME, 1700000000000)


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "-5"])
def test_a_bad_timestamp_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write ISO 8601"):
        parse_timestamp(text)
