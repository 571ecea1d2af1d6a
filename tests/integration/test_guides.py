"""The examples of docs/guide/serdes.md, blocking.md and testing.md, as they stand."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from tests.support.schema_registry import fake_registry

from ottla.testing.broker_thread import BrokerThread

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guide"


def blocks(page: str, language: str = "python") -> list[str]:
    text = (GUIDES / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("code", "printed"),
    list(
        zip(blocks("serdes.md"), ["alice 12.5\n", "Order(id='7', amount=12.5, note=None)\n", ""], strict=True)
    ),
    ids=["typed", "registry", "own"],
)
def test_serdes(code: str, printed: str) -> None:
    with BrokerThread() as broker, fake_registry() as registry:
        code = code.replace("127.0.0.1:9092", broker.bootstrap_servers)
        code = code.replace("http://127.0.0.1:8081", registry.url)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == ""
    assert done.stdout == printed


def test_blocking() -> None:
    with BrokerThread() as broker:
        for code in blocks("blocking.md"):
            done = subprocess.run(
                [
                    sys.executable,
                    "-W",
                    "error",
                    "-c",
                    code.replace("127.0.0.1:9092", broker.bootstrap_servers),
                ],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.stderr == ""
        assert any(path.name.startswith("bills-") for path in broker.directory.rglob("*"))


def test_testing(tmp_path: Path) -> None:
    for number, code in enumerate(blocks("testing.md")):
        (tmp_path / f"test_{number}.py").write_text(code)
    [ini] = blocks("testing.md", "ini")
    (tmp_path / "pytest.ini").write_text(
        ini.replace("auto.create.topics.enable=false", "") + "asyncio_default_fixture_loop_scope = function\n"
    )
    installed = any(point.name == "ottla" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "ottla.testing.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", *plugin, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert " passed" in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout
