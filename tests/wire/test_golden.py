"""Frames between real clients and a real Apache Kafka, read to the last byte, written again byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ottla.wire.header import (
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
)
from ottla.wire.registry import api_named
from ottla.wire.schema import Message
from tests.wire import interpreter

GOLDEN = Path(__file__).parent / "golden"
CLIENTS = ["aiokafka", "confluent", "java", "kafka_python", "kcat"]
FILES = [*CLIENTS, "sasl"]


ONE_BYTE_TOO_MANY = {
    bytes.fromhex(line.split()[3])
    for line in (GOLDEN / "confluent.txt").read_text().splitlines()
    if line.startswith("AlterUserScramCredentials 0 request")
}
"""librdkafka closes one structure too many there, and nobody minds."""


def golden_frames() -> Iterator[object]:
    for client in FILES:
        for number, line in enumerate((GOLDEN / f"{client}.txt").read_text().splitlines(), 1):
            name, version, direction, text = line.split()
            values = (name, int(version), direction, bytes.fromhex(text))
            yield pytest.param(*values, id=f"{client}:{number}-{name}-v{version}-{direction}")


@pytest.mark.parametrize(("name", "version", "direction", "frame"), list(golden_frames()))
def test_a_real_frame(name: str, version: int, direction: str, frame: bytes) -> None:
    api = api_named(name)
    cls: type[Message]
    if direction == "request":
        header, position = decode_request_header(frame)
        assert (header.api_key, header.api_version) == (api.key, version)
        again = encode_request_header(api, version, header.correlation_id, header.client_id)
        cls = api.request
    else:
        correlation_id, position = decode_response_header(api, version, frame)
        again = encode_response_header(api, version, correlation_id)
        cls = api.response
    assert frame[:position] == again
    message, end = cls.decode(frame, version, position)
    assert frame[end:] == (b"\0" if frame in ONE_BYTE_TOO_MANY else b"")
    assert b"".join(message.encode(version)) == frame[position:end]
    assert interpreter.decode(cls, frame[position:], version) == (message, end - position)


def test_every_client_is_there_with_the_apis_that_all_use() -> None:
    for client in CLIENTS:
        names = {line.split()[0] for line in (GOLDEN / f"{client}.txt").read_text().splitlines()}
        assert {
            "ApiVersions",
            "Metadata",
            "Produce",
            "Fetch",
            "ListOffsets",
            "FindCoordinator",
            "JoinGroup",
        } <= names
