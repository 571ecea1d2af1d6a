"""Where `ottla consume` starts: what people write, and the offsets that it means."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ottla.cli.errors import CommandError, UsageError
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.consumer import Consumer


class Anchor(Enum):
    """What a start is counted from."""

    EARLIEST = "earliest"
    LATEST = "latest"
    OFFSET = "offset"
    LAST = "last"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Start:
    """One of five kinds, and its number: an offset, a count from the end, or milliseconds."""

    anchor: Anchor
    number: int = 0


def parse_offset(text: str) -> Start:
    """`earliest`, `latest` (kcat's `beginning`, `end`), N or -N. Raises UsageError."""
    word = {"beginning": "earliest", "end": "latest"}.get(text, text)
    if word in ("earliest", "latest"):
        return Start(Anchor(word))
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"--offset {text}: write a number, -N for the last N, earliest or latest") from None
    return Start(Anchor.LAST, -number) if text.startswith("-") else Start(Anchor.OFFSET, number)


def parse_timestamp(text: str, option: str = "--timestamp") -> Start:
    """ISO 8601, local time unless it says otherwise, or milliseconds since 1970. Raises UsageError."""
    if text.isdecimal():
        return Start(Anchor.TIME, int(text))
    try:
        return Start(Anchor.TIME, int(datetime.fromisoformat(text).timestamp() * 1000))
    except ValueError:
        example = "2026-11-22T18:00:00Z"
        raise UsageError(f"{option} {text}: write ISO 8601, such as {example}, or milliseconds") from None


@dataclass(frozen=True, slots=True)
class Range:
    """What there is of a partition now."""

    beginning: int
    end: int


async def ranges(
    consumer: Consumer[bytes, bytes], partitions: Collection[TopicPartition]
) -> dict[TopicPartition, Range]:
    """Of each partition."""
    beginnings = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    return {partition: Range(beginnings[partition], ends[partition]) for partition in partitions}


async def start_offsets(
    consumer: Consumer[bytes, bytes], start: Start, known: Mapping[TopicPartition, Range]
) -> dict[TopicPartition, int]:
    """The offset to begin at, for each partition. Raises CommandError for one that does not exist."""
    if start.anchor is Anchor.TIME:
        found = await consumer.offsets_for_times(dict.fromkeys(known, start.number))
        return {
            partition: known[partition].end if at is None else at.offset for partition, at in found.items()
        }
    return {partition: _offset(partition, start, known[partition]) for partition in known}


def _offset(partition: TopicPartition, start: Start, known: Range) -> int:
    if start.anchor is Anchor.EARLIEST:
        return known.beginning
    if start.anchor is Anchor.LATEST:
        return known.end
    if start.anchor is Anchor.LAST:
        return max(known.beginning, known.end - start.number)
    if not known.beginning <= start.number <= known.end:
        there_is = f"it has {known.beginning} to {known.end}; --offset earliest starts at the first"
        raise CommandError(f"{partition} has no offset {start.number}: {there_is}")
    return start.number
