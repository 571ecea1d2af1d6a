"""mypy and pyright agree on what the samples say, and find every error that is planted in them."""

import json
import re
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


def test_programs_of_the_readme_and_the_guide(tmp_path: Path) -> None:
    for page in (REPOSITORY / "README.md", *(REPOSITORY / "docs" / "guide").glob("*.md")):
        for number, code in enumerate(
            re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
        ):
            (tmp_path / f"{page.stem.lower().replace('-', '_')}_{number}.py").write_text(code)
    programs = sorted(tmp_path.glob("*.py"))
    assert len(programs) > 15
    assert check("mypy", "--strict", "--allow-untyped-defs", "--no-pretty", *map(str, programs)) == ""


def test_pyright(tmp_path: Path) -> None:
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps(PYRIGHT))
    assert check("basedpyright", "--project", str(config)) == ""


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_a_checker_that_finds_nothing_would_be_seen(checker: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from ottla import Topic\nTopic(7)\n")
    assert "Topic" in check(checker, str(wrong))
