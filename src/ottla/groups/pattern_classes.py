"""The characters that topic names can have, and the names that RE2 has for sets of characters."""

import string
import unicodedata
from collections.abc import Set as AbstractSet

ALPHABET = frozenset(string.ascii_letters + string.digits + "._-")
"""The characters of topic names. Every class of characters is cut down to these, and to what else a text may hold."""

WORD = frozenset(string.ascii_letters + string.digits + "_")
DIGIT = frozenset(string.digits)
PERL = {"d": DIGIT, "w": WORD, "s": frozenset("\t\n\f\r ")}
POSIX = {
    "alnum": ALPHABET - frozenset("._-"),
    "alpha": frozenset(string.ascii_letters),
    "ascii": frozenset(map(chr, range(128))),
    "blank": frozenset(" \t"),
    "cntrl": frozenset(map(chr, (*range(32), 127))),
    "digit": DIGIT,
    "graph": frozenset(map(chr, range(33, 127))),
    "lower": frozenset(string.ascii_lowercase),
    "print": frozenset(map(chr, range(32, 127))),
    "punct": frozenset(string.punctuation),
    "space": frozenset(string.whitespace),
    "upper": frozenset(string.ascii_uppercase),
    "word": WORD,
    "xdigit": frozenset(string.hexdigits),
}
_CATEGORIES = frozenset(
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()  # noqa: SIM905
)
_SCRIPTS = {"Latin": "LATIN ", "Greek": "GREEK ", "Cyrillic": "CYRILLIC ", "Han": "CJK "}
"""What the names of a script's characters begin with."""


def of_property(name: str, alphabet: AbstractSet[str]) -> frozenset[str] | None:
    """Those characters that have a Unicode property, by its name in RE2; None when no property is called so."""
    if name == "Any":
        return frozenset(alphabet)
    if name in _CATEGORIES:
        return frozenset(each for each in alphabet if unicodedata.category(each).startswith(name))
    if name in _SCRIPTS:
        begins = _SCRIPTS[name]
        return frozenset(each for each in alphabet if unicodedata.name(each, "").startswith(begins))
    return None


CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
GUARDS = {"A": "start", "z": "end", "b": "boundary", "B": "no boundary"}
