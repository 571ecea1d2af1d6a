"""The characters that topic names can have, and the names that RE2 has for sets of them."""

import string

ALPHABET = frozenset(string.ascii_letters + string.digits + "._-")
"""The characters of topic names. Every class of characters is cut down to these."""

WORD = frozenset(string.ascii_letters + string.digits + "_")
DIGIT = frozenset(string.digits)
PERL = {"d": DIGIT, "w": WORD, "s": frozenset[str]()}
POSIX = {
    "alnum": ALPHABET - frozenset("._-"),
    "alpha": frozenset(string.ascii_letters),
    "ascii": ALPHABET,
    "blank": frozenset[str](),
    "cntrl": frozenset[str](),
    "digit": DIGIT,
    "graph": ALPHABET,
    "lower": frozenset(string.ascii_lowercase),
    "print": ALPHABET,
    "punct": frozenset("._-"),
    "space": frozenset[str](),
    "upper": frozenset(string.ascii_uppercase),
    "word": WORD,
    "xdigit": frozenset(string.hexdigits),
}
UNICODE = {
    "L": frozenset(string.ascii_letters),
    "Lu": frozenset(string.ascii_uppercase),
    "Ll": frozenset(string.ascii_lowercase),
    "N": DIGIT,
    "Nd": DIGIT,
    "P": frozenset("._-"),
    "Pc": frozenset("_"),
    "Pd": frozenset("-"),
    "Po": frozenset("."),
    "Latin": frozenset(string.ascii_letters),
    "Any": ALPHABET,
    **dict.fromkeys(
        (
            "C",
            "Cc",
            "Cf",
            "Co",
            "Cs",
            "Greek",
            "Cyrillic",
            "Han",
            "Lm",
            "Lo",
            "Lt",
            "M",
            "Mc",
            "Me",
            "Mn",
            "Nl",
        ),
        frozenset[str](),
    ),
    **dict.fromkeys(
        ("No", "Pe", "Pf", "Pi", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs"), frozenset[str]()
    ),
}
CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
GUARDS = {"A": "start", "z": "end", "b": "boundary", "B": "no boundary"}
