"""What is built for others installs into an empty environment, with a compiler and without one."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
IMPLEMENTATION = "from ottla.records.implementation import IMPLEMENTATION; print(IMPLEMENTATION)"


def run(*command: str | Path, **environment: str) -> str:
    """What it printed; fails with all it said unless it succeeded."""
    clean = {name: value for name, value in os.environ.items() if name not in ("OTTLA_RECORDS", "PYTHONPATH")}
    done = subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, check=False, cwd="/", timeout=400
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as a fresh clone has it."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "src", copy / "src", ignore=LEFT_OUT)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the source distribution, the wheel for this platform and the one for all."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, source)
    shutil.rmtree(source / "build", ignore_errors=True)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", out, source, OTTLA_PURE="1")
    return out


def only(directory: Path, pattern: str) -> Path:
    [found] = directory.glob(pattern)
    return found


def installed(into: Path, what: Path, **environment: str) -> Path:
    """The `bin` of a new environment that has only this, and what it needs."""
    run(sys.executable, "-m", "venv", into)
    run(into / "bin/pip", "install", "--quiet", "--disable-pip-version-check", what, **environment)
    return into / "bin"


def test_the_source_distribution_installs(built: Path, tmp_path: Path) -> None:
    archive = only(built, "*.tar.gz")
    with tarfile.open(archive) as members:
        names = {name.partition("/")[2] for name in members.getnames()}
    for path in (ROOT / "src/ottla/records").rglob("*"):
        if path.suffix in (".pyx", ".pxi", ".pyi", ".h"):
            assert str(path.relative_to(ROOT)) in names
    assert not [name for name in names if name.endswith((".c", ".so"))]
    programs = installed(tmp_path / "venv", archive)
    assert run(programs / "ottla", "--version").startswith("ottla ")
    assert run(programs / "python", "-c", IMPLEMENTATION) == "compiled"


def test_without_a_compiler_it_installs_and_works_in_python(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "source", ignore=shutil.ignore_patterns("build"))
    programs = installed(tmp_path / "venv", tmp_path / "source", CC="/bin/false")
    assert run(programs / "ottla", "--version").startswith("ottla ")
    assert run(programs / "python", "-c", IMPLEMENTATION) == "pure"
    compiled = subprocess.run(
        [programs / "python", "-c", IMPLEMENTATION],
        env={"OTTLA_RECORDS": "compiled"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert compiled.returncode == 1
    assert "install Ottla where a C compiler" in compiled.stderr


def test_one_wheel_fits_this_platform_and_one_fits_all(built: Path, tmp_path: Path) -> None:
    everywhere = only(built, "*-py3-none-any.whl")
    [here] = [wheel for wheel in built.glob("*.whl") if wheel != everywhere]
    for wheel, has_module in ((everywhere, False), (here, True)):
        names = zipfile.ZipFile(wheel).namelist()
        assert "ottla/records/_native.pyi" in names
        for name in ("index.html", "page.css", "page.js", "map.js"):
            assert f"ottla_examples/orders/trial/page/{name}" in names
        assert (
            any(name.startswith("ottla/records/_native.") and name.endswith(".so") for name in names)
            == has_module
        )
        assert not [name for name in names if name.endswith((".c", ".pyx", ".pxi", ".h", "setup.py"))]
    programs = installed(tmp_path / "venv", everywhere)
    assert run(programs / "ottla", "--version").startswith("ottla ")
    assert run(programs / "python", "-c", IMPLEMENTATION) == "pure"
