"""End-to-end latency at a fixed rate, from a process of its own: `python -m benchmarks.latency …`; prints JSON.

One loop, two bare sockets: one produces a message per request on schedule and never waits for a reply, the other
fetches with a long poll. Latency runs from the moment a message was due, not from when it was sent, so that a broker
that stalls the loop is charged for it. What is measured is the broker: an idle loop answers in 30 microseconds.
"""

import argparse
import gc
import json
import os
import select
import socket
import struct
import time
from dataclasses import dataclass, field

import google_crc32c
from tests.support import batches
from tests.support.bytes import Reader
from tests.support.wire import FETCH, PRODUCE, RawConnection, fetch_body, produce_body

from benchmarks.usage import Meter

VALUE_BYTES = 100
RECEIVE_BYTES = 1 << 20
MAX_WAIT_MS = 500
SILENCE_SECONDS = 30.0
NUMBER = struct.Struct(">q")
INT32 = struct.Struct(">i")
CRC = struct.Struct(">I")


class Request:
    """A Produce request of one record, made once; only its number, correlation id and checksum change."""

    def __init__(self, connection: RawConnection, topic: str) -> None:
        record = batches.Record(None, b"\0" * VALUE_BYTES)
        batch = batches.build([record], now_ms=int(time.time() * 1000))
        self.bytes = bytearray(connection.frame(PRODUCE, 8, produce_body(topic, 0, batch)))
        self.batch = len(self.bytes) - len(batch)
        # A value's bytes stand before the count of headers, the last byte.
        self.number = len(self.bytes) - 1 - VALUE_BYTES
        self.number_in_batch = self.number - self.batch

    def numbered(self, number: int) -> bytearray:
        NUMBER.pack_into(self.bytes, self.number, number)
        INT32.pack_into(self.bytes, 8, number)
        crc = google_crc32c.value(bytes(self.bytes[self.batch + batches.CRC_START :]))
        CRC.pack_into(self.bytes, self.batch + 17, crc)
        return self.bytes


class Frames:
    """Cuts what a socket receives into replies, without their sizes."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._left = b""

    def receive(self) -> list[bytes]:
        piece = self._socket.recv(RECEIVE_BYTES)
        if not piece:
            raise EOFError("closed by the broker")
        left = self._left + piece
        frames = []
        position = 0
        while len(left) - position >= 4:
            (size,) = INT32.unpack_from(left, position)
            if len(left) - position - 4 < size:
                break
            frames.append(left[position + 4 : position + 4 + size])
            position += 4 + size
        self._left = left[position:]
        return frames


@dataclass
class Run:
    """One measurement: `count` messages, one every `interval` seconds; times are perf_counter's."""

    port: int
    topic: str
    interval: float
    count: int
    sent: int = 0
    started: float = 0.0
    offset: int = 0
    late: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)

    def open(self) -> None:
        self.producer, self.consumer = RawConnection(self.port), RawConnection(self.port)
        self.request = Request(self.producer, self.topic)
        self.replies, self.fetches = Frames(self.producer.socket), Frames(self.consumer.socket)
        self.offset = self.consumer.list_offset(self.topic, 0, -1)[2]

    def run(self) -> None:
        self._fetch()
        self.started = time.perf_counter() + 0.01
        heard = self.started
        sockets = [self.producer.socket, self.consumer.socket]
        while len(self.received) < self.count:
            due = self.started + self.sent * self.interval
            now = time.perf_counter()
            if self.sent < self.count and now >= due:
                self.late.append(now - due)
                self.producer.socket.sendall(self.request.numbered(self.sent))
                self.sent += 1
                continue
            ready = select.select(sockets, [], [], due - now if self.sent < self.count else 1.0)[0]
            if self.consumer.socket in ready:
                self._consume()
            if self.producer.socket in ready:
                self._acknowledge()
            heard = time.perf_counter() if ready else heard
            if now > heard + SILENCE_SECONDS:
                raise RuntimeError(f"{len(self.received)} of {self.sent} received, then silence")

    def _fetch(self) -> None:
        self.consumer.send(FETCH, 11, fetch_body(self.topic, 0, self.offset, max_wait_ms=MAX_WAIT_MS))

    def _acknowledge(self) -> None:
        frames = self.replies.receive()
        now = time.perf_counter()
        for frame in frames:
            (number,) = INT32.unpack_from(frame)
            error = Reader(frame, 4 + 4 + 2 + len(self.topic) + 4 + 4).int16()
            if error:
                raise RuntimeError(f"message {number} was refused with error {error}")
            self.acknowledged.append(now - self.started - number * self.interval)

    def _consume(self) -> None:
        for frame in self.fetches.receive():
            now = time.perf_counter()
            self._records(frame, now)
            self._fetch()

    def _records(self, frame: bytes, now: float) -> None:
        """Fetch v11's reply for one partition: every batch in it is one record of ours."""
        topic_end = 4 + 4 + 2 + 4 + 4 + 2 + len(self.topic)
        error = Reader(frame, topic_end + 4 + 4).int16()
        if error:
            raise RuntimeError(f"fetch at {self.offset}: error {error}")
        aborted = topic_end + 4 + 4 + 2 + 8 + 8 + 8
        position = aborted + 4 + 4 + 4
        while position + batches.HEADER.size <= len(frame):
            (length,) = INT32.unpack_from(frame, position + 8)
            if position + 12 + length > len(frame):
                break
            (number,) = NUMBER.unpack_from(frame, position + self.request.number_in_batch)
            self.received.append(now - self.started - number * self.interval)
            self.offset += 1
            position += 12 + length


def percentiles(seconds: list[float], prefix: str) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(seconds)
    wanted = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
    figures = {name: ordered[int(part * (len(ordered) - 1))] * 1000 for name, part in wanted.items()}
    return {f"{prefix}{name}_ms": value for name, value in figures.items()} | {
        f"{prefix}max_ms": ordered[-1] * 1000
    }


def measure(options: argparse.Namespace, seconds: float) -> dict[str, float]:
    run = Run(options.port, options.topic, 1 / options.rate, int(seconds * options.rate))
    run.open()
    broker = Meter(options.pid)
    run.run()
    cores = broker.cpu / broker.seconds
    figures = percentiles(run.received, "") | percentiles(run.acknowledged, "ack_")
    return figures | {"broker_cores": cores, "client_late_p99_ms": percentiles(run.late, "")["p99_ms"]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--pid", type=int, required=True, help="the broker's")
    parser.add_argument("--rate", type=int, required=True, help="messages per second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-seconds", type=float, default=2.0)
    options = parser.parse_args()
    gc.disable()
    os.sched_yield()
    measure(options, options.warm_seconds)
    print(json.dumps(measure(options, options.seconds)))


if __name__ == "__main__":
    main()
