"""mypy and pyright agree on what the samples say, and find every error that is planted in them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "samples"
REPOSITORY = Path(__file__).resolve().parents[2]
PYRIGHT = {
    "include": [str(SAMPLES)],
    "venvPath": sys.prefix,
    "venv": ".",
    "pythonVersion": "3.11",
    "typeCheckingMode": "strict",
    "enableTypeIgnoreComments": False,
    "reportUnnecessaryTypeIgnoreComment": "error",
    "reportPrivateUsage": "none",
}


def check(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=110,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_mypy() -> None:
    assert check("mypy", "--strict", "--no-pretty", *map(str, sorted(SAMPLES.glob("*.py")))) == ""


def test_pyright(tmp_path: Path) -> None:
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps(PYRIGHT))
    assert check("basedpyright", "--project", str(config)) == ""


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_a_checker_that_finds_nothing_would_be_seen(checker: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from ottla import Topic\nTopic(7)\n")
    assert "Topic" in check(checker, str(wrong))
