"""kill -9 around EndTxn: before the decision, between it and the markers, among them, after: it ends in one way alone.

What a client could not learn from an answer it learns from the coordinator; records and offsets must say the same.
"""

import random
import time

import pytest

from tests.conftest import NewBroker
from tests.support.transactional_client import GROUP, TransactionalClient

pytestmark = pytest.mark.crash

KILLS = 12
LONGEST_LIFE_S = 0.006
"""After EndTxn is sent. The decision, the markers and the end of it all take about that long."""
PARTITIONS = 3


@pytest.mark.timeout(180)
@pytest.mark.parametrize("version", [4, 5], ids=["transaction version 1", "transaction version 2"])
def test_whoever_dies_around_the_end(
    new_broker: NewBroker, pytestconfig: pytest.Config, version: int
) -> None:
    seed = pytestconfig.getoption("--seed") or random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    broker = new_broker().start()
    committed: list[str] = []
    offset = -1
    with TransactionalClient(broker.port) as client:
        client.find(GROUP)
        for topic in ("in", "out"):
            assert client.connection.create_topic(topic, PARTITIONS) == 0
        for number in range(KILLS):
            client.begin()
            _write(client, number, version)
            client.send_end(committed=number % 4 != 3, version=version)
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
            broker.kill()
            broker.start()
            state = client.reconnect().settle()
            assert state in {"Ongoing", "CompleteAbort" if number % 4 == 3 else "CompleteCommit"}
            if state == "CompleteCommit":
                committed.append(str(number))
                offset = number
            elif state == "Ongoing":  # the request died with the broker
                client.begin().settle()
            for partition in range(PARTITIONS):
                assert client.committed_values("out", partition) == committed, f"{number}: {state}"
                last_stable_offset, high_watermark = client.end_offsets("out", partition)
                assert last_stable_offset == high_watermark
            assert client.group_offset("g", "in") == (offset, 0)


def _write(client: TransactionalClient, number: int, version: int) -> None:
    """A record in each partition of the output, and the group's offset."""
    if version < 5:
        assert client.add("out", *range(PARTITIONS)) == 0
        assert client.add_group("g") == 0
    for partition in range(PARTITIONS):
        assert client.produce("out", partition, str(number), version=12 if version >= 5 else 11) == 0
    assert client.commit_offset("g", "in", number, version=5 if version >= 5 else 4) == 0
