"""`auto_offset_reset` as a timestamp to ask ListOffsets for."""

import re

from ottla.client.config.options import OptionError
from ottla.client.consuming.offsets import EARLIEST, LATEST

_PREFIX = "by_duration:"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000)


def reset_timestamp(policy: str, now_ms: int) -> int:
    """EARLIEST, LATEST, or the moment so long ago (`by_duration:PT1H`, KIP-1106). Raises OptionError."""
    if policy == "earliest":
        return EARLIEST
    if policy == "latest":
        return LATEST
    return max(0, now_ms - duration_ms(policy.removeprefix(_PREFIX)))


def duration_ms(text: str) -> int:
    """An ISO 8601 duration of days, hours, minutes and seconds, such as P1DT12H. Raises OptionError."""
    found = _DURATION.fullmatch(text)
    parts = found.groups() if found else ()
    if not any(part is not None for part in parts):
        example = "by_duration:PT1H or by_duration:P7D"
        raise OptionError(f"auto_offset_reset: {text!r} is not a duration; write for example {example}")
    return int(
        sum(float(part) * unit for part, unit in zip(parts, _UNITS_MS, strict=True) if part is not None)
    )
