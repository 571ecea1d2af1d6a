"""Members as the tests see them: processes that can be stopped, hung and killed, and what each has read."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from confluent_kafka import ConsumerGroupState, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from tests.support import apache

SECONDS = 90.0
KCAT_LINE = re.compile(r"(\d+) (\d+) (.*)")
LOADING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
"""What a coordinator says that is only just there; librdkafka's admin client does not try again."""
CONSUMER = {"group.protocol": "consumer"}
COOPERATIVE = {"partition.assignment.strategy": "cooperative-sticky"}


class Member:
    """One process. What it reads is in `got`, what it was assigned, one list after the other, in `assignments`."""

    def __init__(self, kind: str, bootstrap: str, group: str, topic: str, **settings: Any) -> None:
        self.kind = kind
        self.got: list[str] = []
        self.assignments: list[list[int]] = []
        self.said: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            _command(kind, bootstrap, group, topic, settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._take(line.decode().rstrip("\n"))

    def _take(self, text: str) -> None:
        if self.kind == "kcat":
            if found := KCAT_LINE.fullmatch(text):
                self.got.append(found[3])
        elif self.kind == "java":
            self.got.append(text)
        else:
            self._hear(json.loads(text))

    def _hear(self, words: dict[str, Any]) -> None:
        self.said.append(words)
        if "got" in words:
            self.got.append(words["got"])
        if "assigned" in words:
            self.assignments.append(words["assigned"])

    @property
    def owns(self) -> set[int]:
        return set(self.assignments[-1]) if self.assignments else set()

    def errors(self) -> list[str]:
        return [words["error"] for words in self.said if "error" in words]

    def revoked(self) -> set[int]:
        return {each for words in self.said for each in words.get("revoked", [])}

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def leave(self) -> None:
        """Properly; returns when it is gone."""
        self.signal(signal.SIGTERM)
        self._process.wait(SECONDS)
        self._reader.join(SECONDS)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait(SECONDS)
        self._reader.join(SECONDS)

    @property
    def running(self) -> bool:
        return self._process.poll() is None


def _command(kind: str, bootstrap: str, group: str, topic: str, settings: dict[str, Any]) -> list[str]:
    if kind == "kcat":
        words = {"auto.offset.reset": "earliest", "session.timeout.ms": 6000, "auto.commit.interval.ms": 200}
        options = [part for key, value in (words | settings).items() for part in ("-X", f"{key}={value}")]
        return ["kcat", "-b", bootstrap, *options, "-u", "-q", "-f", "%p %o %s\n", "-G", group, topic]
    if kind == "java":
        words = {"auto.commit.interval.ms": 200} | settings
        options = [part for key, value in words.items() for part in ("--command-property", f"{key}={value}")]
        arguments = ["--bootstrap-server", bootstrap, "--group", group, "--topic", topic, "--from-beginning"]
        return apache.java("org.apache.kafka.tools.consumer.ConsoleConsumer", *arguments, *options)
    module = [sys.executable, "-m", "tests.compat.groups.member"]
    return [*module, kind, bootstrap, group, topic, json.dumps(settings)]


class Group:
    """A group of one topic, and its members; all are gone at the end."""

    def __init__(self, bootstrap: str, name: str, topic: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.name = name
        self.topic = topic
        self.partitions = partitions
        self.members: list[Member] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0, "linger.ms": 0})
        self._rounds = 0

    def add(self, kind: str, **settings: Any) -> Member:
        member = Member(kind, self.bootstrap, self.name, self.topic, **settings)
        self.members.append(member)
        return member

    def described(self) -> Any:
        # A new client each time: librdkafka's does not find its way back to a coordinator that was restarted.
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        return admin.describe_consumer_groups([self.name], request_timeout=20)[self.name].result(30)

    def shares(self) -> list[set[int]]:
        """What the broker says that each member has."""
        return [
            {each.partition for each in member.assignment.topic_partitions}
            for member in self.described().members
        ]

    def settle(self, count: int) -> None:
        """Until the broker says that the group is stable, with so many members who share everything."""
        wait_for(lambda: self._is_settled(count), self.story)

    def _is_settled(self, count: int) -> bool:
        try:
            described = self.described()
        except KafkaException as error:
            if error.args[0].code() in LOADING:
                return False
            raise
        shares = [[each.partition for each in m.assignment.topic_partitions] for m in described.members]
        everything = sorted(partition for share in shares for partition in share)
        stable = described.state == ConsumerGroupState.STABLE and len(shares) == count
        return stable and everything == list(range(self.partitions))

    def story(self) -> str:
        described = self.described()
        shares = [
            (m.member_id, sorted(p.partition for p in m.assignment.topic_partitions))
            for m in described.members
        ]
        return f"{described.state}: {shares}; said: {[member.said[-5:] for member in self.members]}"

    def deliver(self) -> list[str]:
        """A message to each partition; returns when all have come to some member, and each to one only."""
        self._rounds += 1
        words = [f"{self._rounds}/{partition}" for partition in range(self.partitions)]
        self.send(words)
        self.receive(words)
        heard = Counter(word for member in self.members for word in member.got)
        assert all(heard[word] == 1 for word in words), {word: heard[word] for word in words}
        return words

    def send(self, words: Sequence[str]) -> None:
        for number, word in enumerate(words):
            self._producer.produce(self.topic, word.encode(), partition=number % self.partitions)
        assert self._producer.flush(60) == 0

    def receive(self, words: Sequence[str]) -> None:
        """Until all of these have come, to whomever."""
        wait_for(lambda: set(words) <= {word for member in self.members for word in member.got}, self.story)

    def close(self) -> None:
        for member in self.members:
            member.signal(signal.SIGCONT)
            member.kill()


def wait_for(condition: Callable[[], bool], story: Callable[[], object] = lambda: "") -> float:
    """Seconds until it held; fails with the story when it does not."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + SECONDS, story()
        time.sleep(0.02)
    return time.monotonic() - began


@contextlib.contextmanager
def closing(group: Group) -> Iterator[Group]:
    try:
        yield group
    finally:
        group.close()
