"""The types that a config's value can have: text to value and back, by Kafka's rules."""

import re
from enum import IntEnum

Value = bool | int | float | str | tuple[str, ...] | None
"""A parsed value; None where Kafka's default is «not set»."""


class ConfigType(IntEnum):
    """Kafka's config types; the numbers are those of DescribeConfigs."""

    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


_BOUNDS = {
    ConfigType.SHORT: (-(1 << 15), (1 << 15) - 1),
    ConfigType.INT: (-(1 << 31), (1 << 31) - 1),
    ConfigType.LONG: (-(1 << 63), (1 << 63) - 1),
}
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?", re.ASCII)
_LARGEST_DOUBLE = 1.7976931348623157e308


def parse(kind: ConfigType, text: str) -> Value:
    """The value that the text stands for. Raises ValueError saying what would be one."""
    if kind is ConfigType.PASSWORD:
        return text
    text = text.strip()
    if kind in _BOUNDS:
        return _whole_number(kind, text)
    if kind is ConfigType.BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise ValueError("must be true or false")
        return text.lower() == "true"
    if kind is ConfigType.DOUBLE:
        if not _DECIMAL.fullmatch(text):
            raise ValueError("must be a decimal number")
        return float(text.rstrip("dDfF"))
    if kind is ConfigType.LIST:
        return tuple(part.strip() for part in text.split(",")) if text else ()
    return text


def _whole_number(kind: ConfigType, text: str) -> int:
    low, high = _BOUNDS[kind]
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(text)


def to_text(value: Value) -> str | None:
    """The value as Kafka writes it; None for «not set»."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float):
        return repr(value).replace("e+", "E") if value == _LARGEST_DOUBLE else repr(value)
    return str(value)
