"""A PersistentMap is a dict whose older versions stay as they were."""

from hypothesis import given
from hypothesis import strategies as st

from ottla.cluster.persistent_map import PersistentMap

keys = st.integers(0, 30) | st.text(max_size=2)
step = st.tuples(st.dictionaries(keys, st.integers(), max_size=5), st.lists(keys, max_size=5))


@given(st.dictionaries(keys, st.integers()), st.lists(step, max_size=10))
def test_it_is_a_dict_and_its_past_stays(
    start: dict[object, int], steps: list[tuple[dict[object, int], list[object]]]
) -> None:
    model = dict(start)
    mapping: PersistentMap[object, int] = PersistentMap(start.items())
    versions = [(mapping, dict(model))]
    for puts, removes in steps:
        for key in removes:
            model.pop(key, None)
        model.update(puts)
        mapping = mapping.changed(puts.items(), removes)
        versions.append((mapping, dict(model)))
    for past, expected in versions:
        assert dict(past) == expected
        assert len(past) == len(expected)
        assert all(key in past for key in expected)
        assert past.get("absent") is None
