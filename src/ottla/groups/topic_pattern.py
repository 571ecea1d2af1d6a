"""Topic name patterns in RE2's syntax, matched without ever backtracking.

Subscriptions carry regular expressions from clients, and a broker with one thread must not run one that a
client can make slow. So a pattern is compiled to a nondeterministic automaton and all its threads step
together: time grows with name length times pattern size, whatever the pattern. A topic name has 65 possible
characters, so that every character class is a set of those, and a pattern may say as much about other
characters as it likes.

Left out of RE2: nothing that can match a topic name. What is not RE2 (look-around, backreferences, possessive
repetition) is refused, as are patterns whose automaton would be larger than `MAX_STATES`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from ottla.groups.pattern_classes import ALPHABET, WORD
from ottla.groups.pattern_syntax import Node, PatternError, parse

MAX_STATES = 10_000
"""States of one automaton. RE2J itself limits only repetition counts, and the heap; this is 1,000 bytes of
pattern, each repeated ten times."""


MAX_WORK = 2_000_000
"""States visited while one list of names is gone through: about a second. A pattern that needs more is refused."""

_CACHED = 20_000
"""Entries of one pattern's cache; names that differ a lot empty it rather than fill the memory."""

_K = TypeVar("_K")
_V = TypeVar("_V")


class Position(Enum):
    """What is on one side of a place in the name, for `^ $ \\b \\B`."""

    EDGE = 0
    WORD = 1
    OTHER = 2


def position_of(character: str | None) -> Position:
    if character is None:
        return Position.EDGE
    return Position.WORD if character in WORD else Position.OTHER


@dataclass(slots=True)
class _Automaton:
    """State 0 accepts. A state either reads one of `reads` and goes to `after`, or goes to all of `forks`
    at once, if `guard` allows."""

    reads: list[frozenset[str]] = field(default_factory=lambda: [frozenset[str]()])
    after: list[int] = field(default_factory=lambda: [0])
    forks: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    guards: list[str] = field(default_factory=lambda: [""])

    def state(
        self,
        reads: frozenset[str] = frozenset(),
        after: int = 0,
        forks: tuple[int, ...] = (),
        guard: str = "",
    ) -> int:
        if len(self.reads) >= MAX_STATES:
            raise PatternError(f"the expression needs more than {MAX_STATES} states")
        self.reads.append(reads)
        self.after.append(after)
        self.forks.append(forks)
        self.guards.append(guard)
        return len(self.reads) - 1

    def add(self, node: Node, after: int) -> int:
        """The state that starts `node` and goes on to `after`."""
        kind, parts = node.kind, node.parts
        if kind == "read":
            return self.state(node.characters, after)
        if kind == "guard":
            return self.state(forks=(after,), guard=node.guard)
        if kind == "either":
            return self.state(forks=tuple(self.add(part, after) for part in parts))
        if kind == "repeat":
            return self._repeat(parts[0], node.least, node.most, after)
        for part in reversed(parts):
            after = self.add(part, after)
        return after

    def _repeat(self, part: Node, least: int, most: int | None, after: int) -> int:
        if most is None:
            loop = self.state()
            self.forks[loop] = (self.add(part, loop), after)
            after = loop
        for _ in range(0 if most is None else most - least):
            after = self.state(forks=(self.add(part, after), after))
        for _ in range(least):
            after = self.add(part, after)
        return after


class TopicPattern:
    """A compiled pattern. `PatternError` says what is wrong with a bad one."""

    __slots__ = ("_automaton", "_closures", "_start", "_steps", "_work")

    def __init__(self, pattern: str, alphabet: frozenset[str] = ALPHABET) -> None:
        self._automaton = _Automaton()
        self._start = self._automaton.add(parse(pattern, alphabet), 0)
        self._work = 0
        # Both are caches of pure functions; together they are the deterministic automaton, built as names
        # need it.
        self._closures: dict[tuple[frozenset[int], Position, Position], frozenset[int]] = {}
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, name: str) -> bool:
        """Whether the whole name matches."""
        states = frozenset((self._start,))
        before: str | None = None
        for character in name:
            states = self._closure(states, position_of(before), position_of(character))
            states = self._step(states, character)
            if not states:
                return False
            before = character
        return 0 in self._closure(states, position_of(before), Position.EDGE)

    def select(self, names: Iterable[str]) -> frozenset[str]:
        """The names that match. Raises PatternError when that takes more than `MAX_WORK`."""
        self._work = 0
        return frozenset(name for name in names if self.matches(name))

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        key = (states, character)
        found = self._steps.get(key)
        if found is None:
            automaton = self._automaton
            self._spend(len(states))
            found = frozenset(
                automaton.after[state] for state in states if character in automaton.reads[state]
            )
            _remember(self._steps, key, found)
        return found

    def _closure(self, states: frozenset[int], before: Position, behind: Position) -> frozenset[int]:
        key = (states, before, behind)
        found = self._closures.get(key)
        if found is None:
            found = self._reach(states, before, behind)
            _remember(self._closures, key, found)
        return found

    def _reach(self, states: frozenset[int], before: Position, behind: Position) -> frozenset[int]:
        """All states that can be reached without reading."""
        reached, new = set(states), list(states)
        while new:
            state = new.pop()
            if not _allows(self._automaton.guards[state], before, behind):
                continue
            for fork in self._automaton.forks[state]:
                if fork not in reached:
                    reached.add(fork)
                    new.append(fork)
        self._spend(len(reached))
        return frozenset(reached)

    def _spend(self, states: int) -> None:
        self._work += states
        if self._work > MAX_WORK:
            raise PatternError("the expression takes too long to match")


def _remember(cache: dict[_K, _V], key: _K, value: _V) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = value


def _allows(guard: str, before: Position, behind: Position) -> bool:
    if guard == "start":
        return before is Position.EDGE
    if guard == "end":
        return behind is Position.EDGE
    if guard in {"boundary", "no boundary"}:
        return ((before is Position.WORD) != (behind is Position.WORD)) == (guard == "boundary")
    return True


@lru_cache(maxsize=256)
def topic_pattern(pattern: str) -> TopicPattern:
    """The compiled pattern, kept for the next who asks. Raises PatternError."""
    return TopicPattern(pattern)


def select_texts(pattern: str, texts: Collection[str]) -> frozenset[str]:
    """Those that match as a whole, whatever characters they have. Raises PatternError."""
    strange = frozenset[str]().union(*texts) - ALPHABET
    compiled = TopicPattern(pattern, ALPHABET | strange) if strange else topic_pattern(pattern)
    return compiled.select(texts)
