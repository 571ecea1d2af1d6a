"""RE2's syntax, read into a tree: https://github.com/google/re2/wiki/Syntax, as far as it can concern topic names.

An alphabet may be larger than that of topic names, for other texts; every set of characters is cut down to it.
"""

import string
from dataclasses import dataclass

from ottla.groups.pattern_classes import (
    ALPHABET,
    CONTROL,
    GUARDS,
    PERL,
    POSIX,
    WORD,
    of_property,
)

MAX_REPEAT = 1_000
"""RE2's limit for a count in braces, and for nested counts multiplied."""

MAX_DEPTH = 200
"""Groups inside groups; RE2J's own limit is 1,000, Python's stack is smaller."""


class PatternError(ValueError):
    """The pattern is not one of RE2, or too large."""


@dataclass(frozen=True, slots=True)
class Node:
    """One piece of a pattern: «read» one character, «guard» a place, «all» in a row, «either», or
    «repeat»."""

    kind: str
    parts: tuple["Node", ...] = ()
    characters: frozenset[str] = frozenset()
    guard: str = ""
    least: int = 0
    most: int | None = None


def parse(pattern: str, alphabet: frozenset[str] = ALPHABET) -> Node:
    """The pattern's tree, for texts of this alphabet. Raises PatternError."""
    return _Parser(pattern, alphabet).whole()


class _Parser:
    def __init__(self, text: str, alphabet: frozenset[str]) -> None:
        self.text = text
        self.alphabet = alphabet
        self.at = 0
        self.depth = 0
        self.flags: frozenset[str] = frozenset()
        self.names: set[str] = set()

    def whole(self) -> Node:
        node = self.alternatives()
        if self.at < len(self.text):
            raise self.error("unexpected )")
        return node

    def alternatives(self) -> Node:
        branches = [self.row()]
        while self.take("|"):
            branches.append(self.row())
        return branches[0] if len(branches) == 1 else Node("either", tuple(branches))

    def row(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.take("\\Q"):
                parts += self.quoted()
            elif (atom := self.atom()) is not None:
                parts.append(self.repeated(atom))
        return Node("all", tuple(parts))

    def quoted(self) -> list[Node]:
        end = self.text.find("\\E", self.at)
        literal = self.text[self.at : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.text)
        return [self.literal(character) for character in literal]

    def atom(self) -> Node | None:
        character = self.next()
        if character == "(":
            return self.group()
        if character == "[":
            return Node("read", characters=self.folded(self.bracket()))
        if character == ".":
            return Node("read", characters=self.alphabet - (set() if "s" in self.flags else {"\n"}))
        if character in "^$":
            return Node("guard", guard="start" if character == "^" else "end")
        if character in "*+?":
            raise self.error(f"nothing to repeat before {character}")
        if character == "\\":
            return self.escape()
        return self.literal(character)

    def group(self) -> Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error("groups are nested too deeply")
        outside = self.flags
        if self.take("?") and self.group_head():
            self.depth -= 1
            return None  # (?flags) holds to the end of the group around it
        node = self.alternatives()
        if not self.take(")"):
            raise self.error("missing )")
        self.flags = outside
        self.depth -= 1
        return node

    def group_head(self) -> bool:
        """What stands behind `(?`. True when it was flags alone, and the group is over."""
        if self.take("P<") or self.take("<"):
            name = self.until(">")
            if not name or not set(name) <= WORD or name in self.names:
                raise self.error(f"invalid or repeated group name {name!r}")
            self.names.add(name)
            return False
        setting = True
        for _ in range(len(self.text)):
            character = self.next()
            if character in ":)":
                return character == ")"
            if character == "-" and setting:
                setting = False
            elif character in "imsU":
                self.flags = self.flags | {character} if setting else self.flags - {character}
            else:
                break
        raise self.error("a group that RE2 does not have")

    def repeated(self, atom: Node) -> Node:
        counts = self.repetition()
        while counts is not None:
            least, most = counts
            atom = Node("repeat", (atom,), least=least, most=most)
            if _times(atom) > MAX_REPEAT:
                raise self.error("repeated too often")
            self.take("?")  # lazy or greedy: the same to a match of the whole name
            counts = self.repetition()
            if counts is not None:
                raise self.error("repetition of a repetition")
        return atom

    def repetition(self) -> tuple[int, int | None] | None:
        for symbol, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(symbol):
                return counts
        if self.text[self.at : self.at + 1] != "{":
            return None
        inside, brace, _ = self.text[self.at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not brace or not _is_number(least) or not (_is_number(most) or most == ""):
            return None  # then it is a literal brace
        self.at += len(inside) + 2
        low = int(least)
        high = int(most) if most else (None if comma else low)
        if low > MAX_REPEAT or (high is not None and not low <= high <= MAX_REPEAT):
            raise self.error(f"invalid repeat count {{{inside}}}")
        return low, high

    def escape(self) -> Node:
        if self.at < len(self.text) and self.text[self.at] in GUARDS:
            return Node("guard", guard=GUARDS[self.next()])
        return Node("read", characters=self.folded(self.escaped()))

    def escaped(self) -> frozenset[str]:
        """The characters that a backslash and what follows it stand for."""
        character = self.next()
        if character in "pP":
            return self.property(negated=character == "P")
        if character.lower() in PERL:
            chosen = PERL[character.lower()]
            return chosen if character.islower() else self.alphabet - chosen
        return frozenset(self.escaped_character(character))

    def escaped_character(self, character: str) -> str:
        if character in CONTROL:
            return CONTROL[character]
        if character == "x":
            digits = self.until("}") if self.take("{") else self.next() + self.next()
            if not digits or not set(digits) <= set(string.hexdigits) or int(digits, 16) > 0x10FFFF:
                raise self.error(f"invalid escape \\x{digits}")
            return chr(int(digits, 16))
        if character == "0":
            digits = character
            while len(digits) < 3 and self.text[self.at : self.at + 1] in tuple("01234567"):
                digits += self.next()
            return chr(int(digits, 8))
        if character.isascii() and not character.isalnum() and character != "_":
            return character
        raise self.error(f"invalid escape \\{character}")

    def property(self, *, negated: bool) -> frozenset[str]:
        name = self.until("}") if self.take("{") else self.next()
        if name.startswith("^"):
            name, negated = name[1:], not negated
        chosen = of_property(name, self.alphabet)
        if chosen is None:
            raise self.error(f"unknown character property {name}")
        return self.alphabet - chosen if negated else chosen

    def bracket(self) -> frozenset[str]:
        negated = self.take("^")
        chosen: frozenset[str] = frozenset()
        first = True
        while first or not self.take("]"):
            chosen |= self.bracket_item()
            first = False
        return self.alphabet - self.folded(chosen) if negated else chosen

    def bracket_item(self) -> frozenset[str]:
        if self.take("[:"):
            name = self.until(":]")
            negated, name = name.startswith("^"), name.removeprefix("^")
            if name not in POSIX:
                raise self.error(f"unknown character class {name}")
            return self.alphabet - POSIX[name] if negated else POSIX[name]
        if self.text[self.at : self.at + 2] in {"\\" + letter for letter in "dDwWsSpP"}:
            self.next()
            return self.escaped()
        low = self.bracket_character()
        if self.text[self.at : self.at + 1] != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return frozenset(low)
        self.next()
        high = self.bracket_character()
        if high < low:
            raise self.error(f"invalid range {low}-{high}")
        return frozenset(character for character in self.alphabet if low <= character <= high)

    def bracket_character(self) -> str:
        character = self.next()
        return self.escaped_character(self.next()) if character == "\\" else character

    def literal(self, character: str) -> Node:
        return Node("read", characters=self.folded(frozenset(character)))

    def folded(self, characters: frozenset[str]) -> frozenset[str]:
        """Cut down to the alphabet, and both cases under the flag i."""
        if "i" in self.flags:
            characters = characters.union(*((c.lower(), c.upper()) for c in characters))
        return characters & self.alphabet

    def next(self) -> str:
        if self.at >= len(self.text):
            raise self.error("the expression ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def take(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def until(self, end: str) -> str:
        inside, found, _ = self.text[self.at :].partition(end)
        if not found:
            raise self.error(f"missing {end}")
        self.at += len(inside) + len(end)
        return inside

    def error(self, what: str) -> PatternError:
        return PatternError(f"{what}, at {self.at} of {self.text!r}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _times(node: Node) -> int:
    """How often the innermost piece may be copied."""
    inner = max((_times(part) for part in node.parts), default=1)
    if node.kind == "repeat":
        inner *= max(1, node.least, node.most or 0)
    return inner
