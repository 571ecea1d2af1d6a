"""Metadata values: the documented bytes, round trips, and damage."""

from pathlib import Path

import pytest

from ottla.cluster.encoding import (
    decode_broker,
    decode_configs,
    decode_topic,
    encode_broker,
    encode_configs,
    encode_topic,
)
from ottla.cluster.metadata import BrokerImage, Endpoint, PartitionImage, TopicImage
from ottla.cluster.store import StoreDamagedError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats" / "metadata-store.md"

TOPIC = TopicImage(
    "orders",
    bytes.fromhex("00112233445546778899aabbccddeeff"),
    (PartitionImage(1, 0, 0, (1,), (1,)), PartitionImage(2, 3, 5, (2, 1), (2,))),
)
BROKER = BrokerImage(1, "r1", (Endpoint("PLAINTEXT", "PLAINTEXT", "", 9092),))


def documented(after: str) -> str:
    """The first block of examples behind these words of the page."""
    return PAGE.read_text().split(after, 1)[1].split("```\n")[1]


def test_the_documented_topic() -> None:
    lines = documented("Two partitions").splitlines()
    example = bytes.fromhex("".join(line[:48].replace(" ", "") for line in lines))
    assert encode_topic(TOPIC) == example
    assert decode_topic("orders", example) == TOPIC


def test_the_documented_broker_and_configs() -> None:
    broker, configs = documented("## Brokers and configs").splitlines()
    assert encode_broker(BROKER) == b"\x01" + broker[3:].encode()
    assert decode_broker(1, b"\x01" + broker[3:].encode()) == BROKER
    assert encode_configs({"retention.ms": "5"}) == b"\x01" + configs[3:].encode()


def test_equal_replica_lists_are_one_object() -> None:
    decoded = decode_topic("orders", encode_topic(TOPIC))
    assert decoded.partitions[0].replicas is decoded.partitions[0].in_sync


@pytest.mark.parametrize("cut", range(len(encode_topic(TOPIC))))
def test_a_cut_topic_is_damage(cut: int) -> None:
    with pytest.raises(StoreDamagedError, match="'orders' cannot be read"):
        decode_topic("orders", encode_topic(TOPIC)[:cut])


def test_other_damage_is_named() -> None:
    with pytest.raises(StoreDamagedError, match="bytes too many"):
        decode_topic("orders", encode_topic(TOPIC) + b"\0")
    with pytest.raises(StoreDamagedError, match="format 2, known is 1"):
        decode_topic("orders", b"\x02" + encode_topic(TOPIC)[1:])
    for value in (
        b"",
        b"\x01",
        b"\x01[]",
        b"\x01{}",
        b'\x02{"rack":null}',
        b"\x01{\xff}",
        b'\x01{"endpoints":[[1]]}',
    ):
        with pytest.raises(StoreDamagedError, match="broker 1 cannot be read"):
            decode_broker(1, value)
    with pytest.raises(StoreDamagedError, match="configs of orders cannot be read"):
        decode_configs("orders", b"\x01nothing")
