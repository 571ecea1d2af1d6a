"""A proxy that writes down the frames between a real client and a real Apache Kafka; see golden/README.md.

    python -m tests.wire.capture --listen 19092 --broker 29092 --output tests/wire/golden/kcat.txt

The broker must advertise the proxy's port, so that clients come back through it. Stops on SIGTERM or Ctrl-C.
Of each API, version and direction it keeps the first frame and the longest that is not over `LONGEST`.
"""

import argparse
import asyncio
import contextlib
import signal
import struct
from collections.abc import Callable
from pathlib import Path

from ottla.wire.header import decode_request_header
from ottla.wire.registry import api

LONGEST = 1_500
"""Bytes."""

Key = tuple[str, int, str]
"""API, version, «request» or «response»."""


class Frames:
    """What has been kept so far."""

    def __init__(self) -> None:
        self.first: dict[Key, bytes] = {}
        self.longest: dict[Key, bytes] = {}

    def add(self, key: Key, frame: bytes) -> None:
        if len(frame) > LONGEST:
            return
        self.first.setdefault(key, frame)
        if len(frame) > len(self.longest.get(key, b"")):
            self.longest[key] = frame

    def lines(self) -> list[str]:
        kept = {(key, frame) for frames in (self.first, self.longest) for key, frame in frames.items()}
        return [
            f"{name} {version} {direction} {frame.hex()}"
            for (name, version, direction), frame in sorted(kept)
        ]


class Connection:
    """One client's connection: frames go through unchanged, and into `frames`."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.asked: dict[int, tuple[str, int]] = {}

    def request(self, frame: bytes) -> None:
        header, _ = decode_request_header(frame)
        with contextlib.suppress(KeyError):
            name = api(header.api_key).name
            self.asked[header.correlation_id] = (name, header.api_version)
            self.frames.add((name, header.api_version, "request"), frame)

    def response(self, frame: bytes) -> None:
        (correlation_id,) = struct.unpack_from(">i", frame)
        if correlation_id in self.asked:
            name, version = self.asked.pop(correlation_id)
            self.frames.add((name, version, "response"), frame)


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]
) -> None:
    """Pass frames from one side to the other until either ends."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = await reader.readexactly(4)
            frame = await reader.readexactly(int.from_bytes(size, "big"))
            see(frame)
            writer.write(size + frame)
            await writer.drain()
    writer.close()


async def serve(listen: int, broker: int, frames: Frames) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(frames)
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", broker)
        with contextlib.suppress(asyncio.CancelledError):  # the end, while clients are still there
            await asyncio.gather(
                pump(reader, broker_writer, connection.request),
                pump(broker_reader, writer, connection.response),
            )

    server = await asyncio.start_server(accept, "127.0.0.1", listen)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", type=int, required=True, help="port for the clients")
    parser.add_argument("--broker", type=int, required=True, help="port of the broker")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    frames = Frames()
    asyncio.run(serve(arguments.listen, arguments.broker, frames))
    arguments.output.write_text("\n".join(frames.lines()) + "\n")


if __name__ == "__main__":
    main()
