"""One crash run: a broker under load, its producers, the topics it promised to have, and the dice."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.crash.history import ProducerHistory, check
from tests.crash.producers import CrashProducer, LibrdkafkaProducer, PipelinedProducer
from tests.support import batches
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

TOPIC = "promises"
PARTITIONS = 3
PRODUCERS: Final = (*[PipelinedProducer] * 4, LibrdkafkaProducer)
SMALL_SEGMENTS = {"log.segment.bytes": "1048576"}
"""So that rolls are among the moments; Kafka's smallest."""


@dataclass
class Run:
    """A broker, its producers, the topics that it promised to have, and the dice."""

    broker: BrokerProcess
    seed: int
    dice: random.Random = field(init=False)
    producers: list[CrashProducer] = field(default_factory=list)
    topics: list[str] = field(default_factory=lambda: [TOPIC])

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def begin(self) -> None:
        self.broker.start()
        with RawConnection(self.broker.port) as connection:
            assert connection.create_topic(TOPIC, PARTITIONS) == 0
        for number, kind in enumerate(PRODUCERS):
            history = ProducerHistory(number, number % PARTITIONS)
            self.producers.append(kind(self.broker.port, TOPIC, history, self.seed))
            self.producers[-1].start()

    def crash(self, *, clean: bool = False) -> None:
        """Some load, a new topic, then the end at a random moment; now and then again while it comes back."""
        time.sleep(self.dice.uniform(0.02, 0.5))
        self.create_topic()
        if clean:
            self.broker.restart()
            return
        self.broker.kill()
        if self.dice.random() < 0.25:
            self.broker.spawn()
            time.sleep(self.dice.uniform(0, 0.4))
            self.broker.kill()
        self.broker.start()

    def create_topic(self) -> None:
        name = f"made-{len(self.topics)}"
        with RawConnection(self.broker.port) as connection:
            assert connection.create_topic(name) == 0
        self.topics.append(name)

    def finish(self) -> int:
        """End the producers; how many messages were acknowledged."""
        for producer in self.producers:
            producer.finish()
        return sum(len(producer.history.acknowledged) for producer in self.producers)

    def findings(self) -> list[str]:
        """What is wrong, in words; empty when every promise is kept."""
        histories = [producer.history for producer in self.producers]
        log = {partition: list(read_all(self.broker, partition)) for partition in range(PARTITIONS)}
        with RawConnection(self.broker.port) as connection:
            there = connection.metadata(None).topics
        missing = [f"topic {name} is gone" for name in self.topics if there.get(name, (3, 0))[0] != 0]
        return missing + [str(finding) for finding in check(self.seed, histories, log)]


def read_all(broker: BrokerProcess, partition: int) -> Iterator[tuple[int, bytes]]:
    """(offset, value) of everything in a partition."""
    offset = 0
    with RawConnection(broker.port) as connection:
        connection.wait_leader(TOPIC, partition)
        end = connection.list_offset(TOPIC, partition, -1)[2]
        while offset < end:
            fetched = connection.fetch(TOPIC, partition, offset)
            assert fetched.error == 0, f"error {fetched.error} at {partition}/{offset} of {end}"
            for record in batches.decode(fetched.records):
                if record.offset >= offset:
                    offset = record.offset + 1
                    yield record.offset, record.value or b""
