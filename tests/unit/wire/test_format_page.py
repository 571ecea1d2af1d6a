"""The worked examples in docs/formats/wire.md say the truth."""

import re
from pathlib import Path

import pytest

from ottla.wire.header import (
    RequestHeader,
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
)
from ottla.wire.messages.fetch import FetchResponse, NodeEndpoint
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.wire.registry import api_named
from ottla.wire.varint import decode_unsigned

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats" / "wire.md").read_text()


def example(name: str) -> bytes:
    """The bytes of a block: those at the start of each line, before two blanks or more and the words."""
    block = PAGE.partition(f"```hex {name}\n")[2].partition("```")[0]
    return bytes.fromhex("".join(re.split(r"\s{2,}", line.strip())[0] for line in block.splitlines()))


def frame(name: str) -> bytes:
    data = example(name)
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    return data[4:]


@pytest.mark.parametrize("version", [4, 12])
def test_the_metadata_requests(version: int) -> None:
    data = frame(f"metadata-{version}")
    header, position = decode_request_header(data)
    assert header == RequestHeader(3, version, 7, "me")
    message, end = MetadataRequest.decode(data, version, position)
    assert end == len(data)
    topics = [MetadataRequestTopic(name="clicks")]
    assert message == MetadataRequest(topics=topics, allow_auto_topic_creation=False)
    assert (
        encode_request_header(api_named("Metadata"), version, 7, "me") + b"".join(message.encode(version))
        == data
    )


def test_the_fetch_response() -> None:
    data = frame("fetch-16")
    fetch = api_named("Fetch")
    correlation_id, position = decode_response_header(fetch, 16, data)
    message, end = FetchResponse.decode(data, 16, position)
    assert (correlation_id, end) == (7, len(data))
    endpoint = NodeEndpoint(node_id=1, host="b", port=9092)
    assert message == FetchResponse(node_endpoints=[endpoint], unknown_tags=((5, b"hi"),))
    assert encode_response_header(fetch, 16, 7) + b"".join(message.encode(16)) == data


def test_the_varints() -> None:
    sentence = " ".join(PAGE.partition("## Varint")[2].partition("(The varints")[0].split())
    found = re.findall(r"(\d+|2³²-1) is `([0-9a-f ]+)`", sentence)
    assert len(found) == 5
    for number, encoded in found:
        value = 2**32 - 1 if "³" in number else int(number)
        assert decode_unsigned(bytes.fromhex(encoded), 0)[0] == value
