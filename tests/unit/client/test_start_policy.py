"""auto_offset_reset as a timestamp."""

import pytest

from ottla.client.config.options import OptionError
from ottla.client.consuming.offsets import EARLIEST, LATEST
from ottla.client.consuming.start_policy import duration_ms, reset_timestamp


def test_the_ends_and_a_time_ago() -> None:
    assert reset_timestamp("earliest", 1) == EARLIEST
    assert reset_timestamp("latest", 1) == LATEST
    assert reset_timestamp("by_duration:PT1H", 10_000_000) == 10_000_000 - 3_600_000
    assert reset_timestamp("by_duration:P1D", 5) == 0


@pytest.mark.parametrize(
    ("text", "ms"),
    [("P1D", 86_400_000), ("PT1H30M", 5_400_000), ("P2DT3.5S", 172_803_500), ("PT0S", 0)],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["P", "PT", "1H", "P1H", "PT-1H", ""])
def test_what_is_no_duration_is_said_with_an_example(text: str) -> None:
    with pytest.raises(OptionError, match="by_duration:PT1H"):
        duration_ms(text)
