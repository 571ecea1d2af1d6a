"""The append's own spelling of the roll limits agrees with `RollLimits.passed`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.logs import NOW_MS, batch, new_log

from ottla.log.config import NEVER, LogConfig
from ottla.log.log import Log
from ottla.log.segment import Segment

BATCH = batch(b"a", b"b")
SIZE = BATCH.size_in_bytes


def near(*values: int) -> st.SearchStrategy[int]:
    """Numbers at which a comparison changes its answer, and the two that stand for «not known» and «never»."""
    close = [value + step for value in values for step in (-1, 0, 1)]
    return st.sampled_from([-1, NEVER, *close])


class Asked(Exception):  # noqa: N818 - the append went the slow way
    pass


def asked(*_: object) -> Segment:
    raise Asked


@given(
    batches=st.integers(0, 3),
    limits=st.fixed_dictionaries(
        {
            "bytes": near(SIZE, 2 * SIZE, 3 * SIZE, 4 * SIZE),
            "offset": near(1, 3, 5, 7),
            "timestamp": near(NOW_MS + 1),
            "now_ms": near(NOW_MS),
            "position": near(0, SIZE, 2 * SIZE, 3 * SIZE),
        }
    ),
)
def test_both_spellings_agree(batches: int, limits: dict[str, int]) -> None:
    log = new_log(LogConfig(index_interval_bytes=SIZE))
    for _ in range(batches):
        log.append(BATCH, 0, NOW_MS)
    for name, limit in limits.items():
        setattr(log._limits, name, limit)
    position, end_offset = batches * SIZE, 2 * batches
    passed = log._limits.passed(position, SIZE, NOW_MS + 1, end_offset + 1, NOW_MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "_room_for", asked)
        if passed:
            with pytest.raises(Asked):
                log.append(BATCH, 0, NOW_MS)
        else:
            assert log.append(BATCH, 0, NOW_MS).base_offset == end_offset
