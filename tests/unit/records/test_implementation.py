"""The choice between the compiled twin and the one in Python."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.support.twins import compiled

from ottla.records.implementation import choose

ALL = "from ottla.records import builder, crc32c, reader, record, spans; from ottla.records.implementation import *;"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_pure_when_asked_for_and_nothing_compiled_is_loaded() -> None:
    code = ALL + "import sys; print(IMPLEMENTATION, 'ottla.records._native' in sys.modules)"
    assert python(code, OTTLA_RECORDS="pure").stdout == "pure False\n"


def test_compiled_where_it_was_built_and_nothing_pure_is_loaded() -> None:
    compiled()
    code = ALL + "import sys; print(IMPLEMENTATION, any('records.pure' in name for name in sys.modules))"
    for wanted in ("", "compiled"):
        assert python(code, OTTLA_RECORDS=wanted).stdout == "compiled False\n"


def test_compiled_but_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ottla.records._native", None)
    with pytest.raises(
        ImportError, match=r"cannot be had .* install Ottla where a C compiler and Python's headers"
    ):
        choose("compiled")
    assert choose("") == choose("pure") == "pure"


def test_an_unknown_word_is_refused() -> None:
    failed = python(ALL, OTTLA_RECORDS="fast")
    assert failed.returncode == 1
    assert "OTTLA_RECORDS is 'fast'; it may be «compiled» or «pure»" in failed.stderr


def test_built_where_a_compiler_is() -> None:
    """So that a build that failed is seen, and not only skipped over."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    if shutil.which(compiler) is None or not headers.exists():
        pytest.skip("no C compiler with Python's headers here")
    assert python("import ottla.records._native").returncode == 0
