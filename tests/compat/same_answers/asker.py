"""Asks one broker what a story wants to know, and writes down what it answers."""

import struct
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from tests.compat.same_answers.plain import Names, Plain
from tests.support.wire import RawConnection

from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from ottla.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.wire.registry import api_named
from ottla.wire.schema import Message

Make = Callable[[int], Message]
UNKNOWN_ID = b"nobody's topic.."
CLOSED = "closes the connection"
KEEP = "9223372036854775807"


class Asker:
    """One story's connection to one broker. `lines` is the transcript: «question | versions: answer»."""

    def __init__(self, port: int, lag_s: float = 0.0) -> None:
        """`lag_s`: how much later than its answer a change may take effect."""
        self.port = port
        self.lag_s = lag_s
        self.connection = RawConnection(port, timeout=20)
        self.names = Names()
        self.plain = Plain(self.names)
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def another(self) -> "Asker":
        """A second connection of the same story, with the same names and transcript."""
        other = Asker(self.port, self.lag_s)
        other.names, other.plain, other.lines = self.names, self.plain, self.lines
        return other

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, api: str, request: Message, version: int) -> None:
        served = api_named(api)
        frame = bytes(encode_request_header(served, version, 1, "same-answers"))
        frame += b"".join(map(bytes, request.encode(version)))
        self.connection.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def receive(self, api: str, version: int) -> Any:
        served = api_named(api)
        reply = self.connection.receive()
        _, position = decode_response_header(served, version, reply)
        return served.response.decode(reply, version, position)[0]

    def quietly(self, api: str, request: Message, version: int | None = None) -> Any:
        """The reply, without a word in the transcript."""
        chosen = api_named(api).max_version if version is None else version
        self.send(api, request, chosen)
        return self.receive(api, chosen)

    def ask(self, question: str, api: str, request: Message, version: int | None = None) -> Any:
        """The reply to one question in one version (the newest unless given); None when the broker hung up."""
        chosen = api_named(api).max_version if version is None else version
        reply, answer = self._answer(api, request, chosen)
        self.write(question, f"{api} v{chosen}", answer)
        return reply

    def ask_in_versions(
        self, question: str, api: str, make: Make, versions: Iterable[int] | None = None
    ) -> None:
        """The same question in every version (or these); versions that are answered alike share a line."""
        served = api_named(api)
        answers: dict[str, list[int]] = {}
        for version in versions or range(served.min_version, served.max_version + 1):
            _, answer = self._answer(api, make(version), version)
            answers.setdefault(answer.replace(f"-v{version}", "-v*"), []).append(version)
        for answer, alike in answers.items():
            self.write(question, f"{api} v{_ranges(alike)}", answer)

    def _answer(self, api: str, request: Message, version: int) -> tuple[Any, str]:
        try:
            reply = self.quietly(api, request, version)
        except (EOFError, ConnectionError):
            self.connection.close()
            self.connection = RawConnection(self.port, timeout=20)
            return None, CLOSED
        return reply, self.plain.message(reply)

    def write(self, question: str, what: str, answer: str) -> None:
        self.lines.append(f"{question} | {what}: {answer}")

    def settle(self) -> None:
        """Let a change reach everyone: Apache Kafka's broker learns later than its controller."""
        time.sleep(self.lag_s)

    # ── topics ────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, *names: str, partitions: int = 1, **configs: str) -> None:
        """Topics that keep old timestamps, ready to be written to; `segment_bytes` stands for `segment.bytes`."""
        settings = {"retention.ms": "-1", **{key.replace("_", "."): value for key, value in configs.items()}}
        rows = [CreatableTopicConfig(name=key, value=value) for key, value in settings.items()]
        topics = [
            CreatableTopic(name=name, num_partitions=partitions, replication_factor=1, configs=rows)
            for name in names
        ]
        created = self.quietly("CreateTopics", CreateTopicsRequest(topics=topics, timeout_ms=30_000))
        assert not any(topic.error_code for topic in created.topics), created
        self.names.topics.update({topic.topic_id: topic.name for topic in created.topics})
        self.wait_ready(names, partitions)

    def wait_ready(self, names: Iterable[str], partitions: int = 1) -> None:
        """Apache Kafka answers CreateTopics before it leads the partitions: wait until it does."""
        rows = [ListOffsetsPartition(partition_index=index, timestamp=-1) for index in range(partitions)]
        asked = ListOffsetsRequest(topics=[ListOffsetsTopic(name=name, partitions=rows) for name in names])
        deadline = time.monotonic() + 20
        while any(
            row.error_code
            for topic in self.quietly("ListOffsets", asked, 1).topics
            for row in topic.partitions
        ):
            assert time.monotonic() < deadline, f"no leader for {names}"
            time.sleep(0.02)
        self.learn(names)

    def learn(self, names: Iterable[str]) -> None:
        """Remember the topics' ids by their names."""
        asked = MetadataRequest(topics=[MetadataRequestTopic(name=name) for name in names])
        for topic in self.quietly("Metadata", asked).topics:
            self.names.topics[topic.topic_id] = topic.name

    def id_of(self, name: str) -> bytes:
        """The topic's id, or one that nobody has."""
        return next((key for key, known in self.names.topics.items() if known == name), UNKNOWN_ID)


def _ranges(versions: list[int]) -> str:
    """3, 4, 5, 9 → «3-5,9»."""
    rows: list[list[int]] = []
    for version in versions:
        if rows and rows[-1][-1] == version - 1:
            rows[-1].append(version)
        else:
            rows.append([version])
    return ",".join(f"{row[0]}-{row[-1]}" if len(row) > 1 else f"{row[0]}" for row in rows)
