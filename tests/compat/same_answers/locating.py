"""ListOffsets, OffsetForLeaderEpoch and DeleteRecords."""

import time

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.plain import EPOCH_MS
from tests.compat.same_answers.questions import at, batch, fetch, offsets, put
from tests.compat.same_answers.stories import story

from ottla.records.compression import Codec
from ottla.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from ottla.wire.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

SPECIAL = (-1, -2, -3, -4, -5, -6, -7, -(2**63))


def delete(*rows: tuple[str, int, int], timeout_ms: int = 9000) -> DeleteRecordsRequest:
    """DeleteRecords before (topic, partition, offset)."""
    topics: dict[str, DeleteRecordsTopic] = {}
    for name, index, offset in rows:
        topic = topics.setdefault(name, DeleteRecordsTopic(name=name, partitions=[]))
        topic.partitions.append(DeleteRecordsPartition(partition_index=index, offset=offset))
    return DeleteRecordsRequest(topics=list(topics.values()), timeout_ms=timeout_ms)


def ask_all_times(
    asker: Asker, what: str, topic: str, until: int, special: tuple[int, ...] = SPECIAL
) -> None:
    for moment in (*special, *(EPOCH_MS + step for step in range(-1, until + 2)), 0, 2**63 - 1):
        shown = moment if moment < 10 or moment > 2**60 else f"t{moment - EPOCH_MS:+}"
        asker.ask(f"{what}, at {shown}", "ListOffsets", offsets((topic, 0, moment)))


@story
def list_offsets_in_every_version(asker: Asker) -> None:
    asker.create("listed", "listed-empty")
    put(asker, "listed", batch("a", "b", "c"), batch("d", times=(50,)))
    for topic in ("listed", "listed-empty"):
        for moment in SPECIAL:
            for isolation in (0, 1):
                asker.ask_in_versions(
                    f"{topic} at {moment}, isolation {isolation}",
                    "ListOffsets",
                    lambda v, t=moment, i=isolation, n=topic: offsets(
                        (n, 0, t), isolation_level=i if v > 1 else 0
                    ),  # type: ignore[misc]
                )
    for moment in (0, EPOCH_MS + 2, EPOCH_MS + 40, EPOCH_MS + 51):
        asker.ask_in_versions(
            f"at {moment}",
            "ListOffsets",
            lambda _, t=moment: offsets(("listed", 0, t), ("listed-empty", 0, t)),  # type: ignore[misc]
        )


@story
def list_offsets_by_time(asker: Asker) -> None:
    asker.create("ties", "backwards", "untimed", *(f"of-{codec.name.lower()}" for codec in Codec))
    put(
        asker,
        "ties",
        batch("a", "b", "c", times=(1, 3, 3)),
        batch("d", "e", times=(3, 2)),
        batch("f", times=(5,)),
    )
    ask_all_times(asker, "ties", "ties", 5)
    put(
        asker,
        "backwards",
        batch("a", times=(9,)),
        batch("b", "c", times=(7, 8)),
        batch("d", "e", times=(6, 2)),
    )
    put(asker, "backwards", batch("f", times=(9,)))
    ask_all_times(asker, "backwards", "backwards", 9)
    for codec in Codec:
        topic = f"of-{codec.name.lower()}"
        put(asker, topic, batch("a", "b", "c", times=(2, 6, 4), codec=codec))
        put(asker, topic, batch("d", "e", times=(6, 1), codec=codec))
        ask_all_times(asker, codec.name, topic, 6)


@story
def list_offsets_after_deletion(asker: Asker) -> None:
    """Without -3: it names deleted records in Apache Kafka, never in Ottla (see the handler)."""
    special = tuple(each for each in SPECIAL if each != -3)
    asker.create("cut")
    put(asker, "cut", batch("a", "b", "c", times=(5, 9, 3)), batch("d", "e", times=(4, 6)))
    for before in (1, 2, 4, 5):
        asker.ask(f"delete before {before}", "DeleteRecords", delete(("cut", 0, before)))
        ask_all_times(asker, f"deleted before {before}", "cut", 9, special)
    put(asker, "cut", batch("f", times=(7,)))
    ask_all_times(asker, "written again", "cut", 9, special)


@story
def list_offsets_stamped_by_the_broker(asker: Asker) -> None:
    asker.create("listed-stamped", message_timestamp_type="LogAppendTime")
    put(asker, "listed-stamped", batch("a", "b", "c"))
    for codec in (Codec.NONE, Codec.GZIP):
        time.sleep(0.01)  # or both are stamped with the same millisecond
        put(asker, "listed-stamped", batch("d", "e", codec=codec))
        for moment in (-3, 0, EPOCH_MS + 1):
            asker.ask(f"{codec.name}, at {moment}", "ListOffsets", offsets(("listed-stamped", 0, moment)))


@story
def list_offsets_of_what_is_not_there(asker: Asker) -> None:
    asker.create("some", partitions=2)
    rows = [("none", 0, -1), ("some", 0, -1), ("some", 9, -1), ("some", -1, -1), ("some", 1, -1)]
    asker.ask_in_versions("bad ones between good ones", "ListOffsets", lambda _: offsets(*rows))
    asker.ask_in_versions(
        "a partition twice", "ListOffsets", lambda _: offsets(rows[1], rows[4], rows[1], rows[2], rows[2])
    )
    asker.ask_in_versions("nothing", "ListOffsets", lambda _: offsets())
    for epoch in (0, 1, -2, 99):
        asker.ask_in_versions(
            f"leader epoch {epoch}",
            "ListOffsets",
            lambda _, e=epoch: offsets(rows[1], epoch=e),  # type: ignore[misc]
            range(4, 12),
        )
    for moment in (-2, -3, -9, 0):
        asker.ask(f"unknown partition at {moment}", "ListOffsets", offsets(("some", 9, moment)))
        asker.ask(f"unknown epoch at {moment}", "ListOffsets", offsets(("some", 0, moment), epoch=9))
    for replica in (-2, 0, 1, 9):
        asker.ask(f"replica {replica}", "ListOffsets", offsets(rows[1], replica_id=replica))


@story
def epoch_ends(asker: Asker) -> None:
    asker.create("ends", "ends-empty")
    put(asker, "ends", batch("a", "b"))
    for topic in ("ends", "ends-empty"):
        for epoch in (-1, 0, 1, -2, 2**31 - 1):
            for current in (-1, 0, 1, -2):
                row = OffsetForLeaderPartition(partition=0, leader_epoch=epoch, current_leader_epoch=current)
                request = OffsetForLeaderEpochRequest(
                    replica_id=-1, topics=[OffsetForLeaderTopic(topic=topic, partitions=[row])]
                )
                asker.ask_in_versions(
                    f"{topic}, epoch {epoch}, current {current}",
                    "OffsetForLeaderEpoch",
                    lambda _, r=request: r,  # type: ignore[misc]
                )
    rows = [OffsetForLeaderPartition(partition=index) for index in (0, 9, -1, 0)]
    topics = [OffsetForLeaderTopic(topic=name, partitions=rows) for name in ("none", "ends")]
    asker.ask_in_versions(
        "what is not there", "OffsetForLeaderEpoch", lambda _: OffsetForLeaderEpochRequest(topics=topics)
    )
    for replica in (-2, -1, 0, 5):
        asker.ask(
            f"replica {replica}",
            "OffsetForLeaderEpoch",
            OffsetForLeaderEpochRequest(
                replica_id=replica,
                topics=[OffsetForLeaderTopic(topic="ends", partitions=[OffsetForLeaderPartition()])],
            ),
        )
    asker.quietly("DeleteRecords", delete(("ends", 0, 2)))
    asker.ask_in_versions(
        "after all is deleted",
        "OffsetForLeaderEpoch",
        lambda _: OffsetForLeaderEpochRequest(
            topics=[OffsetForLeaderTopic(topic="ends", partitions=[OffsetForLeaderPartition()])]
        ),
    )


@story
def delete_records(asker: Asker) -> None:
    asker.create("cutting", "cutting-empty", partitions=2)
    asker.create("cutting-compacted", cleanup_policy="compact")
    asker.create("cutting-both", cleanup_policy="compact,delete")
    put(asker, "cutting", batch("a", "b", "c"), batch("d"))
    put(asker, "cutting-compacted", batch("a", keys=("k",)))
    put(asker, "cutting-both", batch("a", keys=("k",)))
    for offset in (0, 2, 1, 2, 5, -2, -5, 2**62, 4, -1):
        request = delete(("cutting", 0, offset))
        asker.ask_in_versions(f"before {offset}", "DeleteRecords", lambda _, r=request: r)  # type: ignore[misc]
        asker.ask(f"before {offset}: what is left", "Fetch", fetch(asker, at("cutting", 2)), 12)
    asker.ask("from an empty one", "DeleteRecords", delete(("cutting-empty", 0, 0), ("cutting-empty", 1, -1)))
    asker.ask("beyond an empty one", "DeleteRecords", delete(("cutting-empty", 0, 1)))
    rows = [("none", 0, 0), ("cutting", 0, 0), ("cutting", 7, 0), ("cutting", -1, 0), ("cutting", 1, -1)]
    asker.ask_in_versions("bad ones between good ones", "DeleteRecords", lambda _: delete(*rows))
    asker.ask_in_versions("cutting-compacted", "DeleteRecords", lambda _: delete(("cutting-compacted", 0, 1)))
    asker.ask("compacted and deleted", "DeleteRecords", delete(("cutting-both", 0, 1)))
    asker.ask("nothing", "DeleteRecords", delete())
    asker.ask("without time", "DeleteRecords", delete(("cutting-empty", 0, 0), timeout_ms=0))
