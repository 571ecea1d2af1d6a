"""What `import ottla` offers, and what it costs."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ottla


@pytest.mark.parametrize("name", ottla.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(ottla, name) is not None


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'ottla' has no attribute 'Prodcuer'"):
        ottla.Prodcuer  # type: ignore[attr-defined]  # noqa: B018


def test_importing_it_imports_nothing_else() -> None:
    program = "import sys, ottla; print(*sorted(name for name in sys.modules if name.startswith('ottla')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ottla"]


def test_the_version_is_the_distributions() -> None:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == ottla.__version__
