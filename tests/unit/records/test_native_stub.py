"""What `_native.pyi` says of the compiled module is so."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.twins import compiled

OF_CYTHON = (
    "__reduce_cython__",
    "__setstate_cython__",
    "__test__",
    "MAX_DECOMPRESSED_BYTES",
    "Record.__class_getitem__",
)


@pytest.mark.heavy
def test_names_and_signatures(tmp_path: Path) -> None:
    compiled()
    allowed = tmp_path / "allowed"
    allowed.write_text("".join(f"ottla\\.records\\._native\\.{name}\n" for name in OF_CYTHON))
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--allowlist", allowed, "ottla.records._native"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
