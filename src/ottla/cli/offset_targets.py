"""Where `ottla groups reset-offsets` moves a group to: what people write, and the offsets that it means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ottla.cli.errors import CommandError, UsageError
from ottla.cli.partitions import Range, offsets_at
from ottla.cli.start_offsets import parse_timestamp
from ottla.client.admin import Admin
from ottla.client.brokers.metadata import TopicPartition

_ISO_DURATION = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_SHORT_DURATION = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class Goal(Enum):
    """What a target is counted from."""

    EARLIEST = auto()
    LATEST = auto()
    OFFSET = auto()
    TIME = auto()
    AGO = auto()
    SHIFT = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """A goal and its number: an offset, milliseconds, or offsets to move by."""

    goal: Goal
    number: int = 0


def parse_target(words: Mapping[str, str | None], *, earliest: bool, latest: bool) -> Target:
    """The one that was written. Raises UsageError."""
    if earliest:
        return Target(Goal.EARLIEST)
    if latest:
        return Target(Goal.LATEST)
    ((name, text),) = [(name, text) for name, text in words.items() if text is not None]
    if name == "to_timestamp":
        return Target(Goal.TIME, parse_timestamp(text, "--to-timestamp").number)
    if name == "by_duration":
        return Target(Goal.AGO, duration_ms(text))
    goal = Goal.SHIFT if name == "shift_by" else Goal.OFFSET
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"--{name.replace('_', '-')} {text}: write a number") from None
    if goal is Goal.OFFSET and number < 0:
        raise UsageError(
            f"--to-offset {text}: offsets begin at 0; --shift-by goes back from where the group is"
        )
    return Target(goal, number)


def duration_ms(text: str) -> int:
    """ISO 8601 (`PT1H30M`) or short (`1h30m`). Raises UsageError."""
    found = _ISO_DURATION.fullmatch(text) or _SHORT_DURATION.fullmatch(text)
    parts = {name: value for name, value in found.groupdict().items() if value} if found else {}
    if not parts:
        raise UsageError(f"--by-duration {text}: write 1h30m, 2d, 90s, or ISO 8601, such as PT1H30M")
    return round(sum(float(value) * _SECONDS[name] for name, value in parts.items()) * 1000)


def parse_scope(texts: Sequence[str]) -> dict[str, list[int] | None]:
    """Topics and their partitions (None for all): `orders` or `orders:0,2`. Raises UsageError."""
    scope: dict[str, list[int] | None] = {}
    for text in texts:
        topic, colon, numbers = text.partition(":")
        try:
            scope[topic] = [int(number) for number in numbers.split(",")] if colon else None
        except ValueError:
            raise UsageError(f"--topic {text}: write TOPIC or TOPIC:PARTITION,PARTITION") from None
    return scope


async def new_offsets(
    admin: Admin,
    target: Target,
    current: Mapping[TopicPartition, int],
    ranges: Mapping[TopicPartition, Range],
) -> dict[TopicPartition, int]:
    """The offset for each partition, never outside of what it has. Raises CommandError."""
    wanted = await _wanted(admin, target, current, ranges)
    return {
        partition: min(max(offset, ranges[partition][0]), ranges[partition][1])
        for partition, offset in wanted.items()
    }


async def _wanted(
    admin: Admin,
    target: Target,
    current: Mapping[TopicPartition, int],
    ranges: Mapping[TopicPartition, Range],
) -> dict[TopicPartition, int]:
    goal, number = target.goal, target.number
    if goal is Goal.EARLIEST:
        return {partition: beginning for partition, (beginning, _) in ranges.items()}
    if goal is Goal.LATEST:
        return {partition: end for partition, (_, end) in ranges.items()}
    if goal is Goal.OFFSET:
        return dict.fromkeys(ranges, number)
    if goal is Goal.SHIFT:
        missing = [str(partition) for partition in ranges if partition not in current]
        if missing:
            raise CommandError(f"{', '.join(missing)}: nothing is committed that could be shifted")
        return {partition: current[partition] + number for partition in ranges}
    moment_ms = number if goal is Goal.TIME else admin.now_ms() - number
    found = await offsets_at(admin, dict.fromkeys(ranges, moment_ms))
    return {partition: ranges[partition][1] if at < 0 else at for partition, at in found.items()}
