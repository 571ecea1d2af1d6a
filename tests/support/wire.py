"""A client that trusts nothing of ours: one blocking socket, old fixed-width requests built by hand.

Produce v8, Fetch v11, ListOffsets v5, Metadata v8, CreateTopics v4, ApiVersions v0: the last versions
before the compact encoding, spoken by every broker from 2.4 to 4.2.
"""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Self

from tests.support.bytes import Reader, array, blob, int8, int16, int32, int64, string

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS, CREATE_TOPICS, DELETE_TOPICS = 0, 1, 2, 3, 18, 19, 20


@dataclass(frozen=True, slots=True)
class Metadata:
    brokers: dict[int, tuple[str, int]]
    topics: dict[str, tuple[int, int]]
    """Name → (error code, number of partitions)."""


@dataclass(frozen=True, slots=True)
class Produced:
    error: int
    base_offset: int
    append_time: int
    log_start_offset: int
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    error: int
    high_watermark: int
    log_start_offset: int
    records: bytes


def produce_body(
    topic: str, partition: int, records: bytes | None, acks: int = -1, timeout_ms: int = 30_000
) -> bytes:
    """Produce v3 to v8: one topic, one partition."""
    data = array([string(topic) + array([int32(partition) + blob(records)])])
    return string(None) + int16(acks) + int32(timeout_ms) + data


def fetch_body(
    topic: str,
    partition: int,
    offset: int,
    *,
    max_wait_ms: int = 500,
    min_bytes: int = 1,
    max_bytes: int = 50 << 20,
    partition_max_bytes: int = 10 << 20,
    leader_epoch: int = -1,
) -> bytes:
    """Fetch v11: one topic, one partition, no session."""
    wanted = int32(partition) + int32(leader_epoch) + int64(offset) + int64(-1) + int32(partition_max_bytes)
    limits = int32(-1) + int32(max_wait_ms) + int32(min_bytes) + int32(max_bytes) + int8(0)
    return limits + int32(0) + int32(-1) + array([string(topic) + array([wanted])]) + array([]) + string("")


def parse_produced(reader: Reader) -> Produced:
    """Produce v8's reply for one partition."""
    reader.int32(), reader.string(), reader.int32()
    reader.int32()
    error, base, append_time, start = reader.int16(), reader.int64(), reader.int64(), reader.int64()
    errors = reader.array(lambda: (reader.int32(), reader.string()))
    message = reader.string()
    return Produced(error, base, append_time, start, message or (errors[0][1] if errors else None))


def parse_fetched(reader: Reader) -> Fetched:
    """Fetch v11's reply for one partition; a top-level error is its error."""
    reader.int32()
    top, _ = reader.int16(), reader.int32()
    if top or not reader.int32():
        return Fetched(top, -1, -1, b"")
    reader.string(), reader.int32(), reader.int32()
    error, high_watermark, _, start = reader.int16(), reader.int64(), reader.int64(), reader.int64()
    reader.array(lambda: (reader.int64(), reader.int64()))
    reader.int32()
    return Fetched(error, high_watermark, start, reader.blob() or b"")


class RawConnection:
    """One connection to 127.0.0.1:port. EOFError when the broker closes it."""

    def __init__(self, port: int, timeout: float = 30.0, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def frame(self, api_key: int, version: int, body: bytes) -> bytes:
        """A sized request with header v1."""
        self.correlation_id += 1
        payload = int16(api_key) + int16(version) + int32(self.correlation_id) + string("raw") + body
        return int32(len(payload)) + payload

    def send(self, api_key: int, version: int, body: bytes) -> int:
        """Send without waiting; returns the correlation id."""
        self.socket.sendall(self.frame(api_key, version, body))
        return self.correlation_id

    def receive(self) -> bytes:
        """The next frame, without its size."""
        (size,) = struct.unpack(">i", self._receive_exactly(4))
        return self._receive_exactly(size)

    def _receive_exactly(self, count: int) -> bytes:
        pieces = []
        while count:
            piece = self.socket.recv(min(count, 1 << 20))
            if not piece:
                raise EOFError("closed by the broker")
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def reply(self, correlation_id: int) -> Reader:
        """The next reply, which must be this request's."""
        reader = Reader(self.receive())
        assert reader.int32() == correlation_id, "replies out of order"
        return reader

    def request(self, api_key: int, version: int, body: bytes) -> Reader:
        return self.reply(self.send(api_key, version, body))

    def closed_by_broker(self) -> bool:
        """Whether the broker closes the connection, having said nothing (within the socket's timeout)."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def api_versions(self) -> dict[int, tuple[int, int]]:
        reader = self.request(API_VERSIONS, 0, b"")
        assert reader.int16() == 0
        rows = reader.array(lambda: (reader.int16(), reader.int16(), reader.int16()))
        return {key: (least, most) for key, least, most in rows}

    def metadata(self, topics: list[str] | None, *, create: bool = True) -> Metadata:
        """Metadata v8; None asks for every topic."""
        wanted = array(None if topics is None else [string(name) for name in topics])
        reader = self.request(METADATA, 8, wanted + int8(create) + int8(0) + int8(0))
        reader.int32()
        brokers = reader.array(lambda: (reader.int32(), reader.string(), reader.int32(), reader.string()))
        reader.string(), reader.int32()
        found = reader.array(lambda: self._topic(reader))
        return Metadata(
            {node: (host or "", port) for node, host, port, _ in brokers},
            {name: (error, count) for error, name, count in found},
        )

    @staticmethod
    def _topic(reader: Reader) -> tuple[int, str, int]:
        error, name = reader.int16(), reader.string()
        reader.int8()

        def partition() -> None:
            reader.int16(), reader.int32(), reader.int32(), reader.int32()
            for _ in range(3):
                reader.array(reader.int32)

        count = len(reader.array(partition))
        reader.int32()
        return error, name or "", count

    def produce(self, topic: str, partition: int, records: bytes | None, acks: int = -1) -> Produced:
        return parse_produced(self.request(PRODUCE, 8, produce_body(topic, partition, records, acks)))

    def fetch(self, topic: str, partition: int, offset: int, **limits: int) -> Fetched:
        return parse_fetched(self.request(FETCH, 11, fetch_body(topic, partition, offset, **limits)))

    def list_offset(self, topic: str, partition: int, timestamp: int) -> tuple[int, int, int]:
        """ListOffsets v5: (error, timestamp, offset)."""
        wanted = array([string(topic) + array([int32(partition) + int32(-1) + int64(timestamp)])])
        reader = self.request(LIST_OFFSETS, 5, int32(-1) + int8(0) + wanted)
        reader.int32(), reader.int32(), reader.string(), reader.int32(), reader.int32()
        return reader.int16(), reader.int64(), reader.int64()

    def create_topic(self, name: str, partitions: int = 1, **configs: str) -> int:
        """CreateTopics v4, one replica; `retention_ms` stands for `retention.ms`. Returns the error code."""
        settings = array([string(key.replace("_", ".")) + string(value) for key, value in configs.items()])
        topic = string(name) + int32(partitions) + int16(1) + array([]) + settings
        reader = self.request(CREATE_TOPICS, 4, array([topic]) + int32(30_000) + int8(0))
        reader.int32(), reader.int32(), reader.string()
        error = reader.int16()
        for partition in range(partitions if error == 0 else 0):
            self.wait_leader(name, partition)
        return error

    def wait_leader(self, topic: str, partition: int) -> None:
        """Apache Kafka answers CreateTopics before it leads the partitions: wait until it does."""
        deadline = time.monotonic() + 30
        while error := self.fetch(topic, partition, 0, max_wait_ms=0).error:
            assert time.monotonic() < deadline, f"{topic}-{partition} has no leader: error {error}"
            time.sleep(0.005)

    def delete_topic(self, name: str) -> int:
        """DeleteTopics v3; the error code."""
        reader = self.request(DELETE_TOPICS, 3, array([string(name)]) + int32(30_000))
        reader.int32(), reader.int32(), reader.string()
        return reader.int16()
