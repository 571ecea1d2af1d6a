"""The time since the process began."""

import sys
from pathlib import Path

import pytest

from ottla.cli.process_age import process_age_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own account")
def test_it_grows_from_the_start_of_this_process() -> None:
    age = process_age_seconds()
    assert age is not None
    later = process_age_seconds()
    assert later is not None
    assert 0 < age <= later


def test_a_system_that_does_not_tell_is_no_error(tmp_path: Path) -> None:
    assert process_age_seconds(tmp_path / "nothing") is None
    strange = tmp_path / "stat"
    strange.write_text("1 (a ) name) S 0")
    assert process_age_seconds(strange) is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own account")
def test_a_name_with_brackets_does_not_confuse_it(tmp_path: Path) -> None:
    strange = tmp_path / "stat"
    strange.write_text("1 (a) b) S " + "0 " * 18 + "0 0")
    assert (process_age_seconds(strange) or 0) > 0
