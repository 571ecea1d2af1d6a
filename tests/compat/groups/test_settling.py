"""Ten consumers and fifty partitions: how long after the last change everything is shared again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer
from tests.compat.groups.members import CONSUMER, wait_for
from tests.conftest import NewBroker
from tests.support.wire import RawConnection

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(200)]

MEMBERS, PARTITIONS = 10, 50
HANG_SECONDS = 60


class Polling(threading.Thread):
    """One consumer, polled until it is told to leave."""

    def __init__(self, bootstrap: str, topic: str, settings: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.leaves = threading.Event()
        self.owns: set[int] = set()
        self._topic = topic
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": topic, "log_level": 0, "enable.auto.commit": False,
            "error_cb": lambda _error: None, **settings,
        })  # fmt: skip

    def run(self) -> None:
        self._consumer.subscribe([self._topic])
        while not self.leaves.is_set():
            self._consumer.poll(0.02)
            self.owns = {each.partition for each in self._consumer.assignment()}
        self.owns = set()
        self._consumer.close()


@contextmanager
def polled(bootstrap: str, topic: str, settings: dict[str, Any]) -> Iterator[list[Polling]]:
    members = [Polling(bootstrap, topic, settings) for _ in range(MEMBERS)]
    try:
        yield members
    finally:
        for member in members:
            member.leaves.set()
        for member in members:
            if member.ident is not None:
                member.join(HANG_SECONDS)


def settle(members: list[Polling]) -> float:
    """Seconds until each has its fair part and nobody else's."""

    def settled() -> bool:
        parts = [set(member.owns) for member in members]
        fair = {len(part) for part in parts} <= {PARTITIONS // len(members), -(-PARTITIONS // len(members))}
        return fair and sorted(each for part in parts for each in part) == list(range(PARTITIONS))

    return wait_for(settled, lambda: [sorted(member.owns) for member in members])


@pytest.mark.parametrize(
    "settings",
    [
        {"heartbeat.interval.ms": 500},
        {"heartbeat.interval.ms": 500, "partition.assignment.strategy": "cooperative-sticky"},
        dict(CONSUMER),
    ],
    ids=["eager", "cooperative", "consumer"],
)
def test_ten_consumers_settle(
    new_broker: NewBroker, topic: str, settings: dict[str, Any], record_property: Any
) -> None:
    """With the development defaults. Times are reported, not judged."""
    broker = new_broker()
    if broker.kind == "apache":
        broker.settings |= {f"group.consumer.{least}heartbeat.interval.ms": "500" for least in ("", "min.")}
    broker.start()
    with RawConnection(broker.port) as connection:
        assert connection.create_topic(topic, PARTITIONS) == 0
    with polled(broker.bootstrap, topic, settings) as members:
        for member in members:
            member.start()
        joined = settle(members)
        members[0].leaves.set()
        left = settle(members[1:])
        began = time.monotonic()
        back = Polling(broker.bootstrap, topic, settings)
        members[0] = back
        back.start()
        settle(members)
        times = {"joined": joined, "left": left, "one more": time.monotonic() - began}
        for change, seconds in times.items():
            record_property(change, round(seconds, 2))
            print(f"{change}: settled after {seconds:.2f} s")
    assert max(times.values()) < HANG_SECONDS
