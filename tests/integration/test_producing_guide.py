"""The guide to producing, run as it stands against a broker."""

import re
import subprocess
import sys
from pathlib import Path

from ottla.testing import BrokerProcess

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "producing.md"


def test_its_programs_run_one_after_another() -> None:
    programs = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    printed = []
    with BrokerProcess() as broker:
        for program in programs:
            code = program.replace("127.0.0.1:9092", broker.bootstrap_servers)
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stderr
            printed.append(done.stdout)
    assert printed == ["orders 0\n1000\n10000 11000\n", "copied 11001\n"]
