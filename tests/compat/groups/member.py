"""One member of a group, in a process of its own: `-m tests.compat.groups.member KIND BOOTSTRAP GROUP TOPIC SETTINGS`.

It prints what it is assigned, and each message, as JSON lines. SIGTERM: leave properly. SIGUSR1: stop polling, or go
on.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

Settings = dict[str, Any]


class Flags:
    """What signals have asked for."""

    def __init__(self) -> None:
        self.stops = False
        self.hangs = False
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stops", True))
        signal.signal(signal.SIGUSR1, lambda *_: setattr(self, "hangs", not self.hangs))


class Voice:
    """Says what changes."""

    def __init__(self) -> None:
        self._assigned: list[int] | None = None

    def assigned(self, partitions: Collection[int]) -> None:
        if sorted(partitions) != self._assigned:
            self._assigned = sorted(partitions)
            say(assigned=self._assigned)


def say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def confluent(bootstrap: str, group: str, topic: str, settings: Settings, flags: Flags) -> None:
    from confluent_kafka import Consumer, KafkaError

    protocol = settings.get("group.protocol", "classic")
    timeouts = {} if protocol == "consumer" else {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
        | {"auto.commit.interval.ms": 200, "reconnect.backoff.max.ms": 200, "error_cb": lambda error: None}
        | timeouts
        | settings
    )
    consumer.subscribe(
        [topic],
        on_revoke=lambda _, gone: say(revoked=[each.partition for each in gone]),
        on_lost=lambda _, gone: say(lost=[each.partition for each in gone]),
    )
    voice = Voice()
    while not flags.stops:
        if flags.hangs:
            signal.pause()
            continue
        message = consumer.poll(0.05)
        voice.assigned([each.partition for each in consumer.assignment()])
        if message is None:
            continue
        if error := message.error():
            say(error=error.name())
            if error.fatal() or error.code() == KafkaError._FATAL:
                break
        else:
            say(got=message.value().decode(), partition=message.partition(), offset=message.offset())
    consumer.close()


class Watch(threading.Thread):
    """Begins the process anew when nothing has been well for a while.

    On a busy machine kafka-python 3.0.12 loses a wake-up of its own now and then and never joins, or stands still:
    one in thirty, at ten processes on two cores, of Apache Kafka as well.
    """

    SECONDS = 20.0

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.well()
        self.start()

    def well(self) -> None:
        self._last = time.monotonic()

    def run(self) -> None:
        while time.monotonic() < self._last + self.SECONDS:
            time.sleep(0.5)
        say(begins_anew=True)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def kafka_python(bootstrap: str, group: str, topic: str, settings: Settings, flags: Flags) -> None:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        auto_commit_interval_ms=200,
        session_timeout_ms=6000,
        heartbeat_interval_ms=500,
        reconnect_backoff_max_ms=200,
        **settings,
    )
    voice, watch = Voice(), Watch()
    while not flags.stops:
        polled = consumer.poll(timeout_ms=50)
        if consumer.assignment():
            watch.well()
        voice.assigned([each.partition for each in consumer.assignment()])
        for messages in polled.values():
            for message in messages:
                say(got=message.value.decode(), partition=message.partition, offset=message.offset)
    consumer.close()


def aiokafka(bootstrap: str, group: str, topic: str, settings: Settings, flags: Flags) -> None:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.coordinator.assignors.range import RangePartitionAssignor

    async def consume() -> None:
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            auto_commit_interval_ms=200,
            session_timeout_ms=6000,
            heartbeat_interval_ms=500,
            partition_assignment_strategy=[RangePartitionAssignor],
            **settings,
        )
        voice = Voice()
        async with consumer:
            while not flags.stops:
                polled = await consumer.getmany(timeout_ms=50)
                voice.assigned([each.partition for each in consumer.assignment()])
                for messages in polled.values():
                    for message in messages:
                        say(got=message.value.decode(), partition=message.partition, offset=message.offset)

    asyncio.run(consume())


def ottla(bootstrap: str, group: str, topic: str, settings: Settings, flags: Flags) -> None:
    from ottla.client import Consumer, TopicPartition

    protocol = settings.get("group.protocol", "classic")
    timeouts = {} if protocol == "consumer" else {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
    config = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "group.protocol": protocol,
        "auto.offset.reset": "earliest",
        "auto.commit.interval.ms": 200,
        "reconnect.backoff.max.ms": 200,
    }

    async def consume() -> None:
        consumer = Consumer.from_config(config | timeouts | settings, topic)

        @consumer.on_revoked
        def revoked(partitions: frozenset[TopicPartition]) -> None:
            say(revoked=sorted(each.partition for each in partitions))

        @consumer.on_lost
        def lost(partitions: frozenset[TopicPartition]) -> None:
            say(lost=sorted(each.partition for each in partitions))

        voice = Voice()
        async with consumer:
            while not flags.stops:
                if flags.hangs:
                    await asyncio.sleep(0.05)
                    continue
                polled = await consumer.getmany(timeout_ms=50)
                voice.assigned([each.partition for each in consumer.assignment()])
                for records in polled.values():
                    for record in records:
                        say(got=record.value.decode(), partition=record.partition, offset=record.offset)

    try:
        asyncio.run(consume())
    except Exception as error:  # noqa: BLE001 - the test wants to know which
        say(error=type(error).__name__)


KINDS: dict[str, Callable[[str, str, str, Settings, Flags], None]] = {
    "confluent": confluent,
    "kafka-python": kafka_python,
    "aiokafka": aiokafka,
    "ottla": ottla,
}

if __name__ == "__main__":
    kind, bootstrap, group, topic, settings = sys.argv[1:]
    KINDS[kind](bootstrap, group, topic, json.loads(settings), Flags())
