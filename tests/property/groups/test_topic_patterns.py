"""Topic patterns against Python's own engine, on what both understand; and what must be refused."""

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ottla.groups import topic_pattern
from ottla.groups.pattern_syntax import PatternError
from ottla.groups.topic_pattern import TopicPattern

NAMES = st.text("ab-._C1", min_size=0, max_size=6)
ATOMS = st.sampled_from(["a", "b", "C", "1", "-", r"\.", ".", "[ab]", "[^a]", "[a-c1]", "^", "$"])
ESCAPES = st.sampled_from([r"\w", r"\d", r"\D", r"[\w-]", r"\b"])
PATTERNS = st.recursive(
    ATOMS | ESCAPES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(?:" + "|".join(parts) + ")"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{1,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda part: f"(?i:{part})"),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(pattern=PATTERNS, names=st.lists(NAMES, max_size=8))
def test_as_pythons_engine(pattern: str, names: list[str]) -> None:
    compiled, reference = TopicPattern(pattern), re.compile(pattern)
    for name in names:
        assert compiled.matches(name) == bool(reference.fullmatch(name)), (pattern, name)


@settings(deadline=None)
@given(
    pattern=st.recursive(
        ATOMS | ESCAPES | st.sampled_from([":", "é", " ", r"\s", r"\S", "[^:]", "[ -é]", r"\W", "(?i:É)"]),
        lambda inner: st.lists(inner, min_size=1, max_size=4).map("".join) | inner.map("(?:{0})*".format),
        max_leaves=6,
    ),
    texts=st.lists(st.text("aC1_:é Я/", max_size=6), max_size=8),
)
def test_other_texts_as_pythons_engine(pattern: str, texts: list[str]) -> None:
    reference = re.compile(re.sub(r"\(\?i:É\)", "[éÉ]", pattern), re.ASCII)
    wanted = {text for text in texts if reference.fullmatch(text)}
    assert topic_pattern.select_texts(pattern, texts) == wanted


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (r"[[:punct:]]+", ":/._", True),
        (r"[[:space:]]\s", "\t ", True),
        (r"\p{Greek}+", "αβ", True),
        (r"\p{Greek}+", "ab", False),
        (r"\p{Lu}\P{Lu}", "Яя", True),
        (".", "\n", False),
        ("(?s).", "\n", True),
        ("a\\x{3a}b", "a:b", True),
    ],
)
def test_classes_of_other_texts(pattern: str, text: str, wanted: bool) -> None:
    assert (text in topic_pattern.select_texts(pattern, [text])) == wanted


@given(st.text("ab()[]{}|*+?\\^$.pPQEdzA,:-<>!=01i", max_size=12))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    with contextlib.suppress(PatternError):
        TopicPattern(text).matches("ab")


NOT_RE2 = (
    r"( ) a) [a [b-a] * a** a++ (?=a) (?!a) (?<=a) (?>a) (a)\1 \8 (?P<x>a)(?P<x>b) a{1001} (?:a{100}){100} a{3,2} "
    r"\pX [[:nothing:]] (?x:a) (?P=x) \x{110000}"
)


@pytest.mark.parametrize("pattern", [*NOT_RE2.split(), "\\"])
def test_what_is_not_re2_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        TopicPattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        (r"\Qa.b\E.*", "a.b.c", True),
        (r"\Qa.b\E.*", "axb", False),
        ("[[:alpha:]]+", "abC", True),
        ("[[:^alpha:]]+", "1-2", True),
        (r"\pL+\PL", "ab1", True),
        (r"\p{Lu}\p{^Lu}", "Ab", True),
        (r"\Aab\z", "ab", True),
        (r"a\x2db\x{2d}", "a-b-", True),
        ("(?P<name>a)(?<other>b)", "ab", True),
        ("(?i)ORDERS-(?-i:x)", "orders-x", True),
        ("(?i)ORDERS-(?-i:x)", "orders-X", False),
        ("a{,2}", "a", False),  # a literal brace, which no topic has
        ("", "", True),
    ],
)
def test_what_only_re2_has(pattern: str, name: str, wanted: bool) -> None:
    assert TopicPattern(pattern).matches(name) == wanted


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+$", ".*.*.*.*.*b", "(.*a){20}b"])
def test_what_makes_other_engines_hang_is_harmless(pattern: str) -> None:
    names = ["a" * length for length in range(240)]
    assert TopicPattern(pattern).select(names) == frozenset(
        name for name in names if pattern.endswith("$") and name
    )


def test_a_pattern_that_is_too_much_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_pattern, "MAX_WORK", 1_000)
    with pytest.raises(PatternError, match="too long"):
        TopicPattern(".{0,200}x").select(["a" * length for length in range(100)])
    with pytest.raises(PatternError, match="states"):
        TopicPattern("(" + "|".join(["abcdefghij"] * 200) + "){9}")
