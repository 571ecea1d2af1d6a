"""One run: a feeder writes, copiers copy, brokers and copiers die, stop or stand still at random.

In the end both sides are compared.
"""

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

from confluent_kafka import Consumer, Producer, TopicPartition
from tests.compat.transactions.copiers import Copier
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

PARTITIONS = 3
KEYS = 12
RECORDS_PER_SECOND = 300
STUCK_SECONDS = 45.0
"""Without a step forward. Longer than sessions, transactions and rebalances last."""

FREEZES = (1.0, 8.0, 14.0)
"""Seconds. Longer than nothing, than a copier's session, than its transaction may last."""

Records = dict[bytes, list[bytes]]
"""Values by key, in order."""


class Feeder(threading.Thread):
    """Writes records whose values count upwards for each key, until stopped; brokers may die meanwhile."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__(daemon=True)
        self.topic = topic
        self.stopped = threading.Event()
        self.count = 0
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 3}
        )

    def run(self) -> None:
        while not self.stopped.is_set():
            for _ in range(RECORDS_PER_SECOND // 50):
                key, number = divmod(self.count, KEYS)[::-1]
                self._producer.produce(self.topic, b"%d" % number, b"key-%d" % key)
                self.count += 1
            self._producer.poll(0)
            time.sleep(0.02)
        left = self._producer.flush(60)
        assert left == 0, f"{left} records could not be written"

    def stop(self) -> None:
        self.stopped.set()
        self.join(90)
        assert not self.is_alive()


class Run:
    """`disturb` as long as it shall last, then `finish`, which says what is wrong with the output."""

    def __init__(self, broker: BrokerProcess, copiers: Sequence[Copier], seed: int) -> None:
        self.broker, self.copiers = broker, copiers
        self.random = Random(seed)
        self.blows = 0
        self._frozen: list[tuple[float, Copier]] = []
        self.source = copiers[0].source
        with RawConnection(broker.port) as connection:
            for topic in {self.source, *(copier.target for copier in copiers)}:
                assert connection.create_topic(topic, PARTITIONS) == 0
        self.feeder = Feeder(broker.bootstrap, self.source)

    def disturb(self, seconds: float) -> None:
        """Strike something every now and then."""
        self.feeder.start()
        self._keep_running()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pause_until = time.monotonic() + self.random.uniform(1.0, 3.0)
            while time.monotonic() < pause_until:
                self._keep_running()
                time.sleep(0.1)
            self._strike()
            self.blows += 1
        self._wake(float("inf"))
        self.feeder.stop()

    def _strike(self) -> None:
        victim = self.random.choice([None, None, *self.copiers])
        if victim is None:
            self._strike_broker()
        elif self.random.random() < 0.7:
            victim.kill()
        else:
            victim.freeze()
            self._frozen.append((time.monotonic() + self.random.choice(FREEZES), victim))

    def _strike_broker(self) -> None:
        chance = self.random.random()
        if chance < 0.6:
            self.broker.kill()
            self.broker.start()
        elif chance < 0.8:
            self.broker.restart()
        else:
            self.broker.signal(signal.SIGSTOP)
            time.sleep(self.random.uniform(0.2, 3.0))
            self.broker.signal(signal.SIGCONT)

    def _keep_running(self) -> None:
        self._wake(time.monotonic())
        for copier in self.copiers:
            copier.keep_running(self.broker.bootstrap)

    def _wake(self, now: float) -> None:
        """Those whose time has come."""
        for until, copier in [each for each in self._frozen if each[0] <= now]:
            self._frozen.remove((until, copier))
            copier.wake()

    def finish(self) -> None:
        """Wait for the copiers, and compare every output with the input."""
        wanted = committed(self.broker.bootstrap, self.source)
        assert sum(map(len, wanted.values())) == self.feeder.count
        try:
            for target in sorted({copier.target for copier in self.copiers}):
                assert differences(wanted, self._copied(target, wanted)) == [], target
        finally:
            self.close()

    def _copied(self, target: str, wanted: Records) -> Records:
        """All of it, as soon as it is as much as the input."""
        count, since = -1, time.monotonic()
        while _count(found := committed(self.broker.bootstrap, target)) < _count(wanted):
            if _count(found) > count:
                count, since = _count(found), time.monotonic()
            assert time.monotonic() < since + STUCK_SECONDS, self._behind(target, found, wanted)
            self._keep_running()
            time.sleep(0.5)
        return found

    def _behind(self, target: str, found: Records, wanted: Records) -> str:
        for copier in self.copiers:
            copier.ask_what_it_does()
        time.sleep(0.2)
        tails = "\n".join(copier.tail() for copier in self.copiers if copier.target == target)
        return f"{target} has {_count(found)} of {_count(wanted)} records\n{tails}\n{self.broker.log_tail()}"

    def close(self) -> None:
        self.feeder.stopped.set()
        for copier in self.copiers:
            copier.kill()


def make_copiers(directory: Path, source: str, *kinds: str) -> list[Copier]:
    """One copier for each kind named; a kind that is named twice has two in one group."""
    return [Copier(kind, number, source, directory) for number, kind in enumerate(kinds)]


def differences(wanted: Records, found: Records) -> list[str]:
    """What a key's records in the output are besides what they are in the input."""
    said = []
    for key in sorted(wanted.keys() | found.keys()):
        theirs, ours = wanted.get(key, []), found.get(key, [])
        if theirs == ours:
            continue
        at = next(
            (i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b),
            min(len(theirs), len(ours)),
        )
        instead = f"from {at} on {ours[at : at + 5]}, not {theirs[at : at + 5]}"
        said.append(f"{key!r}: {len(ours)} records for {len(theirs)}; {instead}")
    return said


def committed(bootstrap: str, topic: str) -> Records:
    """All records of the topic, read committed, up to the last stable offsets of this moment."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "nobody's",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "log_level": 3,
    })  # fmt: skip
    consumer.assign([TopicPartition(topic, index, 0) for index in range(PARTITIONS)])
    records: Records = defaultdict(list)
    open_partitions = set(range(PARTITIONS))
    since = time.monotonic()
    while open_partitions:
        assert time.monotonic() < since + STUCK_SECONDS, f"{topic} cannot be read to its end"
        for message in consumer.consume(500, 0.2):
            since = time.monotonic()
            if message.error():
                open_partitions.discard(message.partition())
            else:
                records[message.key()].append(message.value())
    consumer.close()
    return dict(records)


def _count(records: Records) -> int:
    return sum(map(len, records.values()))
