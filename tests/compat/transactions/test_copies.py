"""Exactly once: whatever dies or stands still, each output, read committed, is the input, once, in order per key."""

import random
from pathlib import Path

import pytest
from tests.compat.transactions.copying import Records, Run, differences, make_copiers
from tests.conftest import NewBroker

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore")]

PYTHON = ("confluent", "confluent", "aiokafka", "ottla", "ottla")
JAVA = ("java",)


def copy(new_broker: NewBroker, directory: Path, seed: int | None, seconds: float, *kinds: str) -> None:
    seed = random.randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}")
    broker = new_broker().start()
    run = Run(broker, make_copiers(directory, "input", *kinds), seed)
    try:
        run.disturb(seconds)
        run.finish()
        assert run.blows > seconds / 8
    finally:
        run.close()


@pytest.mark.crash
@pytest.mark.timeout(180)
def test_python_clients_copy_exactly_once(
    new_broker: NewBroker, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    copy(new_broker, tmp_path, pytestconfig.getoption("--seed"), 12, *PYTHON)


@pytest.mark.crash
@pytest.mark.java
@pytest.mark.timeout(180)
def test_apache_kafkas_own_copier_copies_exactly_once(
    new_broker: NewBroker, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    copy(new_broker, tmp_path, pytestconfig.getoption("--seed"), 9, *JAVA)


@pytest.mark.crash
@pytest.mark.heavy
@pytest.mark.java
@pytest.mark.timeout(1500)
def test_all_of_them_for_ten_minutes(
    new_broker: NewBroker, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    copy(new_broker, tmp_path, pytestconfig.getoption("--seed"), 600, *PYTHON, *JAVA)


KEPT: Records = {b"a": [b"1", b"2", b"3"], b"b": [b"1"]}


@pytest.mark.parametrize(
    "found",
    [
        {b"a": [b"1", b"2", b"2", b"3"], b"b": [b"1"]},
        {b"a": [b"1", b"3"], b"b": [b"1"]},
        {b"a": [b"1", b"3", b"2"], b"b": [b"1"]},
        {b"a": [b"1", b"2", b"3"]},
        {b"a": [b"1", b"2", b"3"], b"b": [b"1"], b"c": [b"1"]},
    ],
    ids=["twice", "lost", "out of order", "a key is lost", "of nobody"],
)
def test_what_is_wrong_is_found(found: Records) -> None:
    assert len(differences(KEPT, found)) == 1
    assert differences(KEPT, KEPT) == []
