"""The examples of docs/guide/consuming.md, as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.process import BrokerProcess

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "guide" / "consuming.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
PRINTED = [
    [f"orders 0 {number} b'alice' b'order {number}'" for number in range(10)],
    ["b'0'", "b'1'", "clicks-0 8", "clicks 0 490 1380"],
    ["charged alice tea", "charged alice coffee"],
]


@pytest.mark.parametrize(
    ("code", "printed"), list(zip(BLOCKS, PRINTED, strict=True)), ids=["group", "ways", "run"]
)
def test_each_example_prints_what_it_says(broker: BrokerProcess, code: str, printed: list[str]) -> None:
    code = code.replace("127.0.0.1:9092", broker.bootstrap)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == printed
