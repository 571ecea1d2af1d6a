"""`ottla serve` without a file of configs begins groups at once; with one it does as Apache Kafka."""

import re
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource
from tests.integration.cli.test_serve import ANY_PORT, first_line, started

NAME = "group.initial.rebalance.delay.ms"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("words", "expected"),
    [([], "0"), (["--set", f"{NAME}=7"], "7"), (["FILE"], "3000")],
    ids=["no file", "set", "file"],
)
def test_the_delay(tmp_path: Path, words: list[str], expected: str) -> None:
    (tmp_path / "FILE").write_text("num.partitions=2\n")
    words = [str(tmp_path / word) if word == "FILE" else word for word in words]
    with started("serve", *words, "--data", str(tmp_path / "d"), "--set", ANY_PORT) as process:
        found = re.search(r"ready at (\S+),", first_line(process))
        assert found
        resource = ConfigResource(ConfigResource.Type.BROKER, "1")
        admin = AdminClient({"bootstrap.servers": found[1]})
        configs = admin.describe_configs([resource], request_timeout=20)[resource].result(30)
        assert configs[NAME].value == expected
