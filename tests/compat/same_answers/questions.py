"""Requests and batches as the stories need them, with what does not matter filled in."""

import struct

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.plain import EPOCH_MS

from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.crc32c import crc32c
from ottla.wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from ottla.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from ottla.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

ROOM = 1 << 20
CRC_START = 21
CODECS = list(Codec)
Wanted = tuple[str, FetchPartition]


def batch(
    *values: str | None,
    times: tuple[int, ...] = (),
    keys: tuple[str | None, ...] = (),
    codec: Codec = Codec.NONE,
    producer: tuple[int, int, int] = (-1, -1, -1),
) -> bytes:
    """One batch; times in milliseconds after the stories' epoch, 0, 1, 2, … where none are given."""
    builder = BatchBuilder(
        codec, producer_id=producer[0], producer_epoch=producer[1], base_sequence=producer[2]
    )
    for index, value in enumerate(values):
        stamp = EPOCH_MS + (times[index] if times else index)
        key = (keys[index] or "").encode() if keys and keys[index] is not None else None
        builder.append(stamp, key, None if value is None else value.encode())
    return builder.build()


def patched(built: bytes, position: int, layout: str, value: int, *, resigned: bool = True) -> bytes:
    """The batch with one field overwritten, and unless told otherwise with a checksum that fits again."""
    changed = bytearray(built)
    struct.pack_into(layout, changed, position, value)
    if resigned:
        struct.pack_into(">I", changed, 17, crc32c(changed[CRC_START:]))
    return bytes(changed)


def produce(
    asker: Asker,
    *data: tuple[str, int, bytes | None],
    acks: int = 1,
    timeout_ms: int = 10_000,
    transactional_id: str | None = None,
) -> ProduceRequest:
    """(topic, partition, records); neighbours of one topic share an entry."""
    topics: list[TopicProduceData] = []
    for name, index, records in data:
        if not topics or topics[-1].name != name:
            topics.append(TopicProduceData(name=name, topic_id=asker.id_of(name), partition_data=[]))
        topics[-1].partition_data.append(PartitionProduceData(index=index, records=records))
    return ProduceRequest(
        acks=acks, timeout_ms=timeout_ms, transactional_id=transactional_id, topic_data=topics
    )


def put(asker: Asker, topic: str, *batches: bytes, partition: int = 0) -> None:
    """Append batches that must be taken."""
    for each in batches:
        reply = asker.quietly("Produce", produce(asker, (topic, partition, each)), 12)
        answer = reply.responses[0].partition_responses[0]
        assert answer.error_code == 0, answer


def at(topic: str, offset: int = 0, partition: int = 0, max_bytes: int = ROOM, **rest: int) -> Wanted:
    """One partition of a fetch."""
    row = FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=max_bytes, **rest)
    return topic, row


def fetch(
    asker: Asker,
    *wanted: Wanted,
    max_wait_ms: int = 0,
    min_bytes: int = 1,
    max_bytes: int = 50 * ROOM,
    session: tuple[int, int] = (0, -1),
    forget: tuple[tuple[str, int], ...] = (),
    isolation_level: int = 0,
    rack_id: str = "",
) -> FetchRequest:
    """`session` is id and epoch; neighbours of one topic share an entry."""
    topics: list[FetchTopic] = []
    for name, row in wanted:
        if not topics or topics[-1].topic != name:
            topics.append(FetchTopic(topic=name, topic_id=asker.id_of(name), partitions=[]))
        topics[-1].partitions.append(row)
    forgotten = [
        ForgottenTopic(topic=name, topic_id=asker.id_of(name), partitions=[index]) for name, index in forget
    ]
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        max_bytes=max_bytes,
        session_id=session[0],
        session_epoch=session[1],
        isolation_level=isolation_level,
        rack_id=rack_id,
        topics=topics,
        forgotten_topics_data=forgotten,
    )


def offsets(
    *rows: tuple[str, int, int], isolation_level: int = 0, epoch: int = -1, replica_id: int = -1
) -> ListOffsetsRequest:
    """ListOffsets of (topic, partition, timestamp)."""
    topics: list[ListOffsetsTopic] = []
    for name, index, timestamp in rows:
        if not topics or topics[-1].name != name:
            topics.append(ListOffsetsTopic(name=name, partitions=[]))
        row = ListOffsetsPartition(partition_index=index, timestamp=timestamp, current_leader_epoch=epoch)
        topics[-1].partitions.append(row)
    return ListOffsetsRequest(
        replica_id=replica_id, isolation_level=isolation_level, topics=topics, timeout_ms=10_000
    )
