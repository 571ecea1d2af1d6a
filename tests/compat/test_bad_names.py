"""Topics that cannot be, are not there, or are there already; offsets that are not there."""

import pytest
from tests.compat.witness import one_record
from tests.support.bytes import array, int8, int16, int32, int64, string
from tests.support.wire import CREATE_TOPICS, FETCH, METADATA, RawConnection, parse_fetched

pytestmark = [pytest.mark.compat, pytest.mark.usefixtures("witness")]

UNKNOWN_SERVER_ERROR, OFFSET_OUT_OF_RANGE = -1, 1
UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION = 3, 17
TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_CONFIG = 36, 37, 38, 40
INVALID_REPLICA_ASSIGNMENT, INVALID_REQUEST = 39, 42
FETCH_SESSION_ID_NOT_FOUND, UNKNOWN_LEADER_EPOCH = 70, 75

INVALID_NAMES = ("", ".", "..", "sp ace", "slash/", "colon:", "ünïcode", "new\nline", "nul\0", "x" * 250, "*")


@pytest.mark.parametrize("name", INVALID_NAMES)
def test_invalid_names(name: str, connection: RawConnection) -> None:
    assert connection.create_topic(name) == INVALID_TOPIC_EXCEPTION
    assert connection.metadata([name]).topics == {name: (INVALID_TOPIC_EXCEPTION, 0)}
    assert connection.produce(name, 0, one_record()).error == UNKNOWN_TOPIC_OR_PARTITION
    assert name not in connection.metadata(None).topics


def test_the_longest_name_is_taken(connection: RawConnection) -> None:
    name = "x" * 249
    assert connection.create_topic(name) == 0
    assert connection.produce(name, 0, one_record()).error == 0


def test_names_that_collide_in_metrics(connection: RawConnection) -> None:
    assert connection.create_topic("collide.with_me") == 0
    assert connection.create_topic("collide_with.me") == INVALID_TOPIC_EXCEPTION


def test_unknown_topic_and_partition(connection: RawConnection, ready_topic: str) -> None:
    for topic, partition in (("not-there", 0), (ready_topic, 1), (ready_topic, -1)):
        assert connection.produce(topic, partition, one_record()).error == UNKNOWN_TOPIC_OR_PARTITION
        assert connection.fetch(topic, partition, 0).error == UNKNOWN_TOPIC_OR_PARTITION
        assert connection.list_offset(topic, partition, -1)[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert "not-there" not in connection.metadata(None).topics, "only Metadata creates topics"


def test_unknown_topic_without_leave_to_create(connection: RawConnection, topic: str) -> None:
    assert connection.metadata([topic], create=False).topics == {topic: (UNKNOWN_TOPIC_OR_PARTITION, 0)}
    assert topic not in connection.metadata(None).topics


@pytest.mark.parametrize("offset", [4, 1000, 2**62, -1, -2, -(2**62)])
def test_offsets_out_of_range(connection: RawConnection, ready_topic: str, offset: int) -> None:
    for _ in range(3):
        assert connection.produce(ready_topic, 0, one_record()).error == 0
    fetched = connection.fetch(ready_topic, 0, offset)
    assert (fetched.error, fetched.records) == (OFFSET_OUT_OF_RANGE, b"")
    at_the_end = connection.fetch(ready_topic, 0, 3, max_wait_ms=0)
    assert (at_the_end.error, at_the_end.high_watermark, at_the_end.records) == (0, 3, b"")


def test_leader_epochs(connection: RawConnection, ready_topic: str) -> None:
    assert connection.fetch(ready_topic, 0, 0, max_wait_ms=0, leader_epoch=0).error == 0
    assert connection.fetch(ready_topic, 0, 0, leader_epoch=1000).error == UNKNOWN_LEADER_EPOCH


def test_a_fetch_session_that_is_not_there(connection: RawConnection, ready_topic: str) -> None:
    limits = int32(-1) + int32(0) + int32(1) + int32(1 << 20) + int8(0) + int32(123_456) + int32(1)
    wanted = string(ready_topic) + array([int32(0) + int32(-1) + int64(0) + int64(-1) + int32(1 << 20)])
    reader = connection.request(FETCH, 11, limits + array([wanted]) + array([]) + string(""))
    assert parse_fetched(reader).error == FETCH_SESSION_ID_NOT_FOUND


@pytest.mark.parametrize("limits", [
    {"partition_max_bytes": 0}, {"partition_max_bytes": -1}, {"max_bytes": 0}, {"max_bytes": -1},
    {"min_bytes": -1}, {"max_wait_ms": -1},
])  # fmt: skip
def test_strange_limits_of_a_fetch(
    connection: RawConnection, ready_topic: str, limits: dict[str, int]
) -> None:
    """A limit of zero still brings the first batch whole; a negative one may be an error, never a silence."""
    assert connection.produce(ready_topic, 0, one_record()).error == 0
    fetched = connection.fetch(ready_topic, 0, 0, **limits)
    negative_size = min(limits.get("partition_max_bytes", 0), limits.get("max_bytes", 0)) < 0
    assert fetched.error in ((0, UNKNOWN_SERVER_ERROR) if negative_size else (0,))
    if fetched.error == 0:
        assert len(fetched.records) == len(one_record())


def create(connection: RawConnection, *topics: bytes) -> list[int]:
    """CreateTopics v4; the error codes in the order of the reply."""
    reader = connection.request(CREATE_TOPICS, 4, array(list(topics)) + int32(30_000) + int8(0))
    reader.int32()
    rows = reader.array(lambda: (reader.string(), reader.int16(), reader.string()))
    return [error for _, error, _ in rows]


def topic_row(
    name: str, partitions: int = 1, replicas: int = 1, assignments: tuple[bytes, ...] = (), config: str = ""
) -> bytes:
    key, _, value = config.partition("=")
    settings = [string(key) + string(value)] if config else []
    return string(name) + int32(partitions) + int16(replicas) + array(list(assignments)) + array(settings)


def assignment(partition: int, *replicas: int) -> bytes:
    return int32(partition) + array([int32(node) for node in replicas])


@pytest.mark.parametrize(("row", "error"), [
    ({"partitions": 0}, INVALID_PARTITIONS),
    ({"partitions": -2}, INVALID_PARTITIONS),
    ({"replicas": 3}, INVALID_REPLICATION_FACTOR),
    ({"replicas": 0}, INVALID_REPLICATION_FACTOR),
    ({"replicas": -2}, INVALID_REPLICATION_FACTOR),
    ({"config": "no.such.config=1"}, INVALID_CONFIG),
    ({"config": "retention.ms=soon"}, INVALID_CONFIG),
    ({"config": "segment.bytes=-1"}, INVALID_CONFIG),
    ({"config": "cleanup.policy=burn"}, INVALID_CONFIG),
    ({"config": "compression.type=rar"}, INVALID_CONFIG),
    ({"assignments": (assignment(0, 1),)}, INVALID_REQUEST),
    ({"partitions": -1, "replicas": -1, "assignments": (assignment(1, 1),)}, INVALID_REPLICA_ASSIGNMENT),
    ({"partitions": -1, "replicas": -1, "assignments": (assignment(0, 1, 1),)}, INVALID_REPLICA_ASSIGNMENT),
    ({"partitions": -1, "replicas": -1, "assignments": (assignment(0, 99),)}, INVALID_REPLICA_ASSIGNMENT),
    ({"partitions": -1, "replicas": -1, "assignments": (assignment(0),)}, INVALID_REPLICA_ASSIGNMENT),
], ids=str)  # fmt: skip
def test_topics_that_cannot_be_created(
    connection: RawConnection, topic: str, row: dict[str, object], error: int
) -> None:
    name = topic[:100]
    assert create(connection, topic_row(name, **row)) == [error]  # type: ignore[arg-type]
    assert name not in connection.metadata(None).topics


def test_created_twice(connection: RawConnection, ready_topic: str) -> None:
    assert create(connection, topic_row(ready_topic)) == [TOPIC_ALREADY_EXISTS]


def test_twice_in_one_request(connection: RawConnection, topic: str) -> None:
    assert set(create(connection, topic_row(topic), topic_row(topic))) == {INVALID_REQUEST}
    assert topic not in connection.metadata(None).topics


def test_metadata_of_very_many_unknown_topics(connection: RawConnection) -> None:
    names = [f"unknown-{number}" for number in range(5_000)]
    body = array([string(name) for name in names]) + int8(0) + int8(0) + int8(0)
    connection.send(METADATA, 8, body)
    assert len(connection.receive()) > 5_000 * 10
    assert len(connection.metadata(None).topics) < 5_000
