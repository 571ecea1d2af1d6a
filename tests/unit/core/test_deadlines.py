"""Deadlines against the simplest thing that could work: a dictionary that is searched."""

from hypothesis import given
from hypothesis import strategies as st

from ottla.core.deadlines import Deadlines

KEYS = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), KEYS, st.integers(0, 20)),
        st.tuples(st.just("cancel"), KEYS, st.just(0)),
        st.tuples(st.just("pop"), st.just(""), st.integers(0, 20)),
    ),
    max_size=60,
)


@given(STEPS)
def test_as_a_dictionary(steps: list[tuple[str, str, int]]) -> None:
    deadlines: Deadlines[str] = Deadlines()
    model: dict[str, int] = {}
    for action, key, at_ms in steps:
        if action == "arm":
            deadlines.arm(key, at_ms)
            model[key] = at_ms
        elif action == "cancel":
            deadlines.cancel(key)
            model.pop(key, None)
        else:
            due = deadlines.pop_due(at_ms)
            assert (due is None) == (not model or min(model.values()) > at_ms)
            assert due is None or model.pop(due) <= min(model.values(), default=at_ms)
        assert deadlines.earliest_ms() == min(model.values(), default=None)
        assert {key: deadlines.at_ms(key) for key in model} == model


def test_moving_a_deadline_does_not_grow_the_heap() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for at_ms in range(10_000):
        deadlines.arm("session", at_ms + 100)
        assert deadlines.pop_due(at_ms) is None
        if at_ms % 3 == 0:
            deadlines.cancel("session")
    assert len(deadlines._heap) <= 2
