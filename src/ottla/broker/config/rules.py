"""What a config's value must satisfy beyond its type. Each rule reads as a sentence after «must be»."""

import re
from dataclasses import dataclass
from typing import Protocol

from ottla.broker.config.types import Value


class Rule(Protocol):
    """`str(rule)` says what is allowed."""

    def allows(self, value: Value) -> bool: ...


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`, both allowed; None leaves that side open."""

    low: float
    high: float | None = None

    def allows(self, value: Value) -> bool:
        assert isinstance(value, int | float)
        return value >= self.low and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        return f"at least {self.low}" if self.high is None else f"from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these words, spelled so."""

    words: tuple[str, ...]

    def allows(self, value: Value) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of these words; it may be empty."""

    words: tuple[str, ...]

    def allows(self, value: Value) -> bool:
        assert isinstance(value, tuple)
        return all(word in self.words for word in value)

    def __str__(self) -> str:
        return "a list of " + ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class GzipLevel:
    """1 to 9, or -1 for the library's own choice."""

    def allows(self, value: Value) -> bool:
        return value == -1 or (isinstance(value, int) and 1 <= value <= 9)

    def __str__(self) -> str:
        return "from 1 to 9, or -1"


@dataclass(frozen=True, slots=True)
class ThrottledReplicas:
    """`*`, nothing, or pairs of partition and broker."""

    def allows(self, value: Value) -> bool:
        assert isinstance(value, tuple)
        return value == ("*",) or all(re.fullmatch(r"[0-9]+:[0-9]+", pair, re.ASCII) for pair in value)

    def __str__(self) -> str:
        return "* or a list of partition:broker"


@dataclass(frozen=True, slots=True)
class ConnectionOverrides:
    """A list of host:number, as one string."""

    def allows(self, value: Value) -> bool:
        return isinstance(value, str) and all(
            re.fullmatch(r"[^,\s]+:[0-9]+", part.strip(), re.ASCII)
            for part in value.split(",")
            if part.strip()
        )

    def __str__(self) -> str:
        return "a list of host:number"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """host:port, where no host is every address; or nothing at all."""

    def allows(self, value: Value) -> bool:
        _, colon, port = str(value or ":0").rpartition(":")
        return bool(colon) and bool(re.fullmatch(r"[0-9]{1,5}", port, re.ASCII)) and int(port) < 65_536

    def __str__(self) -> str:
        return "host:port, such as 127.0.0.1:9404"


def at_least(low: int) -> Rule:
    return Range(low)


def between(low: float, high: float) -> Rule:
    return Range(low, high)


def one_of(*words: str) -> Rule:
    return OneOf(words)


def list_of(*words: str) -> Rule:
    return ListOf(words)
