"""kill -9 at random moments under load: every acknowledged message stays, unaltered and in order."""

import pytest

from tests.conftest import NewBroker
from tests.crash.run import SMALL_SEGMENTS, Run
from tests.support.process import BrokerProcess

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]

ROUNDS = {"ottla": 30, "apache": 4}
"""Apache Kafka takes about ten seconds to come back; a few rounds show that the test holds there."""
FLUSH = {
    ("ottla", "fsync"): {"log.flush.acks": "all"},
    ("ottla", "page cache"): {"log.flush.acks": "none"},
    ("apache", "fsync"): {"log.flush.interval.messages": "1"},
    ("apache", "page cache"): {},
}


def keep_promises(broker: BrokerProcess, seed: int, rounds: int, *, clean: bool = False) -> None:
    run = Run(broker, seed)
    run.begin()
    for _ in range(rounds):
        run.crash(clean=clean)
    acknowledged = run.finish()
    assert acknowledged > rounds * 10, "hardly anything was acknowledged: the load was no load"
    print(f"{acknowledged} messages acknowledged over {rounds} rounds")
    assert run.findings()[:20] == []
    broker.restart()
    assert run.findings()[:20] == [], "after one more clean restart"


@pytest.mark.parametrize("flush", ["fsync", "page cache"])
def test_kill_loop(new_broker: NewBroker, seed: int, flush: str) -> None:
    broker = new_broker(**SMALL_SEGMENTS)
    broker.settings |= FLUSH[broker.kind, flush]
    keep_promises(broker, seed, ROUNDS[broker.kind])


def test_clean_stops(new_broker: NewBroker, seed: int) -> None:
    broker = new_broker(**SMALL_SEGMENTS)
    keep_promises(broker, seed, ROUNDS[broker.kind] // 3, clean=True)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flush", ["fsync", "page cache"])
def test_kill_loop_for_long(new_broker: NewBroker, seed: int, flush: str) -> None:
    broker = new_broker(**SMALL_SEGMENTS)
    broker.settings |= FLUSH[broker.kind, flush]
    keep_promises(broker, seed, ROUNDS[broker.kind] * 10)
