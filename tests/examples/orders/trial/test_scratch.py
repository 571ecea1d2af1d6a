"""Directories of trials that were killed are gone after the next trial; those of trials that run stay."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ottla_examples.orders.trial.scratch import PREFIX, scratch, sweep

HOLDS_ONE = """
import tempfile, time
tempfile.tempdir = {directory!r}
from ottla_examples.orders.trial.scratch import scratch
with scratch() as path:
    (path / "file").write_text("kept")
    print(path, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process with a directory of its own."""
    code = HOLDS_ONE.format(directory=str(temporary))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_what_a_killed_one_left_is_removed_and_what_another_holds_is_not(
    temporary: Path, other: subprocess.Popen[str]
) -> None:
    assert other.stdout is not None
    path = Path(other.stdout.readline().strip())
    with scratch() as mine:
        assert path.exists()
        assert mine.exists()
    assert list(temporary.iterdir()) == [path]
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (path / "file").read_text() == "kept"
    sweep()
    assert list(temporary.iterdir()) == []


def test_nobody_elses_things_are_touched(temporary: Path) -> None:
    (temporary / "precious").mkdir()
    (temporary / "precious" / "file").write_text("kept")
    (temporary / f"{PREFIX}link").symlink_to(temporary / "precious")
    (temporary / f"{PREFIX}file").write_text("kept")
    with scratch():
        pass
    assert (temporary / "precious" / "file").read_text() == "kept"
    assert (temporary / f"{PREFIX}file").exists()
