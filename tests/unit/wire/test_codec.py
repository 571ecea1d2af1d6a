"""What readers and writers promise beyond the bytes: no copies, tags kept, errors that name the culprit."""

from typing import Any

import pytest

from ottla.wire.messages.api_versions import ApiVersionsResponse
from ottla.wire.messages.describe_topic_partitions import Cursor, DescribeTopicPartitionsRequest
from ottla.wire.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from ottla.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.wire.schema import Message
from ottla.wire.types import WireError

UUID = bytes(range(16))


def produce(records: Any, **topic: Any) -> ProduceRequest:
    partition = PartitionProduceData(index=1, records=records)
    return ProduceRequest(
        acks=1, topic_data=[TopicProduceData(**{"name": "t", "partition_data": [partition], **topic})]
    )


@pytest.mark.parametrize("version", [3, 13])
def test_records_are_passed_through_uncopied(version: int) -> None:
    records = bytearray(b"batch" * 10)
    parts = produce(records).encode(version)
    assert any(part is records for part in parts)
    frame = bytearray(b"".join(parts))
    decoded, _ = ProduceRequest.decode(frame, version)
    view = decoded.topic_data[0].partition_data[0].records
    assert isinstance(view, memoryview)
    frame[frame.index(b"batch")] = ord("B")
    assert bytes(view[:5]) == b"Batch"


@pytest.mark.parametrize(("version", "null", "empty"), [(8, "ffffffff", "00000000"), (9, "0000", "0100")])
def test_empty_records_are_not_null(version: int, null: str, empty: str) -> None:
    tail = "" if version == 8 else "0000"  # the tagged sections of topic and request
    assert b"".join(produce(None).encode(version)).hex().endswith(null + tail)
    assert b"".join(produce(b"").encode(version)).hex().endswith(empty + tail)
    for records in (None, b""):
        decoded, _ = ProduceRequest.decode(b"".join(produce(records).encode(version)), version)
        assert decoded.topic_data[0].partition_data[0].records == records


def test_unknown_tags_are_kept_at_every_depth() -> None:
    partition = PartitionProduceData(unknown_tags=((3, b"deep"), (200, b"")))
    topic = TopicProduceData(name="t", partition_data=[partition], unknown_tags=((0, b"x" * 300),))
    request = ProduceRequest(topic_data=[topic], unknown_tags=((5, b"top"),))
    frame = b"".join(request.encode(9))
    assert ProduceRequest.decode(frame, 9) == (request, len(frame))


def test_unknown_tags_stand_among_known_ones_in_order() -> None:
    request = FetchRequest(cluster_id="c", unknown_tags=((7, b"late"),))
    frame = b"".join(request.encode(12))
    assert frame.endswith(bytes.fromhex("02 00 02 02 63 07 04") + b"late")
    assert FetchRequest.decode(frame, 12) == (request, len(frame))


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param("02 05 00 05 00", id="twice"),
        pytest.param("02 05 00 04 00", id="out of order"),
        pytest.param("02 00 02 02 63 00 02 02 63", id="a known one twice"),
        pytest.param("01 00 01 02 63", id="more than its size says"),
        pytest.param("01 00 03 02 63 00", id="less than its size says"),
        pytest.param("01 00 03 02 63", id="beyond the end"),
        pytest.param("01 05 01", id="unknown and beyond the end"),
        pytest.param("02 05 00", id="one is missing"),
    ],
)
def test_tags_that_are_refused(tags: str) -> None:
    frame = b"".join(FetchRequest().encode(12))[:-1] + bytes.fromhex(tags)
    with pytest.raises(WireError):
        FetchRequest.decode(frame, 12)


def test_one_number_twice_is_not_written() -> None:
    with pytest.raises(WireError, match="tag 0 is there twice"):
        FetchRequest(cluster_id="c", unknown_tags=((0, b""),)).encode(12)


def test_tagged_fields_that_are_defaults_are_not_sent() -> None:
    assert b"".join(ApiVersionsResponse(finalized_features_epoch=-1).encode(3)).endswith(b"\0")
    assert (
        ApiVersionsResponse.decode(b"".join(ApiVersionsResponse().encode(3)), 3)[0].finalized_features_epoch
        == -1
    )


REFUSED: list[tuple[Message, int, str]] = [
    (produce(b"", name=None), 9, r"ProduceRequest v9: topic_data\[0\]\.name is None"),
    (produce(7), 9, r"topic_data\[0\]\.partition_data\[0\]\.records is 7, which is no records"),
    (produce(b"", topic_id=b"short"), 13, r"topic_data\[0\]\.topic_id is b'short', which is no uuid"),
    (produce(b"", name="n" * 32_768), 9, r"topic_data\[0\]\.name is 'n+, which is no string"),
    (produce(b"", name="n" * 32_768), 8, r"topic_data\[0\]\.name is 'n+, which is no string"),
    (produce(b"", name="\ud800"), 9, r"topic_data\[0\]\.name is .*, which is no string"),
    (produce(b"", name=b"t"), 8, r"topic_data\[0\]\.name is b't', which is no string"),
    (produce(b"", partition_data=None), 8, r"topic_data\[0\]\.partition_data is None"),
    (produce(b"", partition_data=7), 9, r"topic_data\[0\]\.partition_data is 7, not a list"),
    (ProduceRequest(acks=40_000), 3, "acks is 40000, which is no int16"),
    (
        ProduceRequest(topic_data=[MetadataRequestTopic()]),
        3,
        r"topic_data\[0\] is .*, not of TopicProduceData",
    ),  # type: ignore[list-item]
    (MetadataRequest(topics=None), 0, "MetadataRequest v0: topics is None"),
    (MetadataRequest(topics=[MetadataRequestTopic(name=None)]), 9, r"topics\[0\]\.name is None"),
    (
        DescribeTopicPartitionsRequest(cursor=Cursor(topic_name="t", partition_index=2**31)),
        0,
        "cursor.partition_index is",
    ),
]


@pytest.mark.parametrize(("message", "version", "text"), REFUSED)
def test_a_value_that_does_not_fit_is_named(message: Message, version: int, text: str) -> None:
    with pytest.raises(WireError, match=text):
        message.encode(version)


LACKING: list[tuple[Message, int, str]] = [
    (
        FetchRequest(replica_id=5),
        15,
        r"FetchRequest v15: FetchRequest\.replica_id is set, which this version",
    ),
    (
        MetadataRequest(include_cluster_authorized_operations=True),
        11,
        "include_cluster_authorized_operations",
    ),
    (MetadataRequest(allow_auto_topic_creation=False), 3, "allow_auto_topic_creation"),
    (FetchResponse(session_id=1), 6, "FetchResponse v6: FetchResponse.session_id"),
    (
        FetchResponse(
            responses=[FetchableTopicResponse(partitions=[PartitionData(preferred_read_replica=1)])]
        ),
        10,
        "PartitionData.preferred_read_replica",
    ),
    (ProduceRequest(unknown_tags=((1, b""),)), 8, "ProduceRequest.unknown_tags"),
]


@pytest.mark.parametrize(("message", "version", "text"), LACKING)
def test_a_value_that_the_version_lacks_is_named(message: Message, version: int, text: str) -> None:
    with pytest.raises(WireError, match=text):
        message.encode(version)


def test_an_ignorable_value_that_the_version_lacks_is_dropped() -> None:
    assert FetchRequest(rack_id="r").encode(10) == FetchRequest().encode(10)
    assert produce(b"", name="dropped", topic_id=UUID).encode(13) == produce(
        b"", name="", topic_id=UUID
    ).encode(13)


def test_null_where_it_may_not_be() -> None:
    with pytest.raises(WireError, match=r"MetadataRequest v0: MetadataRequest\.topics is null"):
        MetadataRequest.decode(b"\xff\xff\xff\xff", 0)
    assert MetadataRequest.decode(b"\xff\xff\xff\xff", 1)[0].topics is None


def test_what_is_not_utf8_is_refused() -> None:
    frame = b"".join(MetadataRequest(topics=[MetadataRequestTopic(name="ab")]).encode(1))
    with pytest.raises(WireError):
        MetadataRequest.decode(frame.replace(b"ab", b"\xff\xfe"), 1)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_buffer_at_any_position(wrap: Any) -> None:
    message = MetadataRequest(topics=[MetadataRequestTopic(name="ab")])
    frame = b"".join(message.encode(12))
    assert MetadataRequest.decode(wrap(b"123" + frame + b"456"), 12, 3) == (message, 3 + len(frame))
