"""Produce and InitProducerId.

Left out, for the headers of Ottla's handler and validation list them as deviations: a partition twice in a request,
codecs that do not exist, batches that claim LogAppendTime, records that are not what their batch says. Null records
Apache Kafka never answers.
"""

import time

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.plain import EPOCH_MS
from tests.compat.same_answers.questions import (
    CODECS,
    at,
    batch,
    fetch,
    offsets,
    patched,
    produce,
    put,
)
from tests.compat.same_answers.stories import story

from ottla.records.compression import Codec
from ottla.wire.messages.init_producer_id import InitProducerIdRequest

PRODUCE = range(3, 14)
HOUR_MS = 3_600_000
WELL_MADE = batch("a", "b", "c", keys=("1", "2", "3"))


def read_back(asker: Asker, what: str, topic: str, offset: int = 0) -> None:
    asker.ask(f"{what}, read back", "Fetch", fetch(asker, at(topic, offset)), 12)


@story
def produce_in_every_version(asker: Asker) -> None:
    for acks in (1, -1):
        names = {version: f"acks{acks}-v{version}" for version in PRODUCE}
        asker.create(*names.values())
        for count in ("first", "second"):
            asker.ask_in_versions(
                f"{count} batch, acks {acks}",
                "Produce",
                lambda v, n=names, a=acks: produce(asker, (n[v], 0, WELL_MADE), acks=a),  # type: ignore[misc]
            )
    read_back(asker, "all of it", "acks1-v3")


@story
def produce_without_acks(asker: Asker) -> None:
    asker.create("silent")
    for version in (3, 8, 9, 13):
        asker.send("Produce", produce(asker, ("silent", 0, WELL_MADE), acks=0), version)
    asker.ask("after four without acks", "Produce", produce(asker, ("silent", 0, WELL_MADE)))
    asker.ask(
        "acks 0 to a topic that is not there", "Produce", produce(asker, ("none", 0, WELL_MADE), acks=0)
    )
    asker.ask("acks 0, no topics", "ListOffsets", offsets(("silent", 0, -1)))


@story
def produce_to_what_is_not_there(asker: Asker) -> None:
    asker.create("good", partitions=2)
    rows = [("none", 0, WELL_MADE), ("good", 0, WELL_MADE), ("good", 7, WELL_MADE), ("good", 1, WELL_MADE)]
    asker.ask_in_versions("bad ones alone", "Produce", lambda _: produce(asker, rows[0], rows[2]))
    for version in (8, 12, 13):
        asker.ask("bad ones between good ones", "Produce", produce(asker, *rows), version)
    asker.ask("partition -1", "Produce", produce(asker, ("good", -1, WELL_MADE)))
    asker.ask("nothing at all", "Produce", produce(asker))
    for acks in (2, -2):
        asker.ask_in_versions(
            f"acks {acks}",
            "Produce",
            lambda _, a=acks: produce(asker, *rows[:2], acks=a),  # type: ignore[misc]
            (3, 8, 12, 13),
        )
    asker.ask("nothing at all, acks 5", "Produce", produce(asker, acks=5))


MALFORMED = {
    "no bytes": b"",
    "half a header": WELL_MADE[:40],
    "half a batch": WELL_MADE[:-5],
    "two batches": WELL_MADE + WELL_MADE,
    "a batch and a half": WELL_MADE + WELL_MADE[:-7],
    "a batch and three bytes": WELL_MADE + b"abc",
    "magic 0": patched(WELL_MADE, 16, ">b", 0),
    "magic 1": patched(WELL_MADE, 16, ">b", 1),
    "magic 3": patched(WELL_MADE, 16, ">b", 3),
    "magic -1": patched(WELL_MADE, 16, ">b", -1),
    "wrong checksum": patched(WELL_MADE, 17, ">I", 7, resigned=False),
    "a flipped value": WELL_MADE[:-1] + b"?",
    "length 0": patched(WELL_MADE, 8, ">i", 0),
    "length -1": patched(WELL_MADE, 8, ">i", -1),
    "length 48": patched(WELL_MADE, 8, ">i", 48),
    "base offset 5": patched(WELL_MADE, 0, ">q", 5),
    "base offset -1": patched(WELL_MADE, 0, ">q", -1),
    "leader epoch 9": patched(WELL_MADE, 12, ">i", 9),
    "control": patched(WELL_MADE, 21, ">h", 0x20),
    "transactional without producer": patched(WELL_MADE, 21, ">h", 0x10),
    "delete horizon": patched(WELL_MADE, 21, ">h", 0x40),
    "unknown attribute": patched(WELL_MADE, 21, ">h", 0x80),
    "delta 0 for three records": patched(WELL_MADE, 23, ">i", 0),
    "delta 5 for three records": patched(WELL_MADE, 23, ">i", 5),
    "delta -1": patched(WELL_MADE, 23, ">i", -1),
    "producer without epoch": patched(WELL_MADE, 43, ">q", 900_001),
    "sequence without producer": patched(WELL_MADE, 53, ">i", 3),
    "producer with sequence -1": patched(patched(WELL_MADE, 43, ">q", 900_002), 51, ">h", 0),
    "producer with epoch -1": patched(patched(WELL_MADE, 43, ">q", 900_003), 53, ">i", 0),
    "no records": patched(patched(batch("a")[:61], 57, ">i", 0), 8, ">i", 49),
    "records counted -1": patched(WELL_MADE, 57, ">i", -1),
    "no records, delta -1": patched(
        patched(patched(batch("a")[:61], 57, ">i", 0), 8, ">i", 49), 23, ">i", -1
    ),
    "maximum timestamp too small": patched(batch("a", "b", times=(5, 9)), 35, ">q", 3),
    "no timestamp": patched(patched(batch("a"), 27, ">q", -1), 35, ">q", -1),
    "negative timestamp": patched(patched(batch("a"), 27, ">q", -2), 35, ">q", -2),
}


@story
def produce_what_is_malformed(asker: Asker) -> None:
    for number, (what, records) in enumerate(MALFORMED.items()):
        topic = f"malformed-{number}"
        asker.create(topic)
        asker.ask(what, "Produce", produce(asker, (topic, 0, records)), 12)
        asker.ask(f"{what}: the end", "ListOffsets", offsets((topic, 0, -1)))


@story
def produce_what_is_refused_in_every_version(asker: Asker) -> None:
    asker.create("refusing")
    for what in ("two batches", "wrong checksum", "control", "magic 1"):
        records = MALFORMED[what]
        asker.ask_in_versions(
            what,
            "Produce",
            lambda _, r=records: produce(asker, ("refusing", 0, r)),  # type: ignore[misc]
        )


@story
def produce_every_codec(asker: Asker) -> None:
    for codec in CODECS:
        names = {version: f"{codec.name.lower()}-v{version}" for version in (3, 6, 7, 13)}
        asker.create(*names.values())
        records = batch("a" * 300, "b", None, codec=codec)
        asker.ask_in_versions(
            codec.name,
            "Produce",
            lambda v, n=names, r=records: produce(asker, (n[v], 0, r)),  # type: ignore[misc]
            names,
        )
        read_back(asker, codec.name, names[13], 1)


@story
def produce_to_a_topic_with_a_codec(asker: Asker) -> None:
    for compression in ("uncompressed", "gzip", "snappy", "lz4", "zstd"):
        topic = f"to-{compression}"
        asker.create(topic, compression_type=compression)
        for codec in CODECS:
            records = batch("a" * 300, "b", codec=codec)
            asker.ask(f"{codec.name} into {compression}", "Produce", produce(asker, (topic, 0, records)))
        read_back(asker, f"what became {compression}", topic)


@story
def produce_late_and_early(asker: Asker) -> None:
    """Timestamps against message.timestamp.before.max.ms and after.max.ms."""
    now = int(time.time() * 1000)
    ahead, behind = now + 2 * HOUR_MS - EPOCH_MS, now - 2 * HOUR_MS - EPOCH_MS
    asker.create("clock", message_timestamp_before_max_ms=str(HOUR_MS))
    asker.create(
        "clock-stamped", message_timestamp_type="LogAppendTime", message_timestamp_before_max_ms="1000"
    )
    for what, times in {
        "all in time": (now - EPOCH_MS,) * 3,
        "the second ahead": (now - EPOCH_MS, ahead, now - EPOCH_MS),
        "the second behind": (now - EPOCH_MS, behind, now - EPOCH_MS),
        "all ahead": (ahead,) * 3,
        "the first behind": (behind, now - EPOCH_MS, now - EPOCH_MS),
    }.items():
        for codec in (Codec.NONE, Codec.GZIP):
            records = batch("a", "b", "c", times=times, codec=codec)
            request = produce(asker, ("clock", 0, records))
            asker.ask(f"{what}, {codec.name}", "Produce", request)
        asker.ask(f"{what}, stamped by the broker", "Produce", produce(asker, ("clock-stamped", 0, records)))
    records = batch("a", "b", times=(ahead, ahead))
    asker.ask_in_versions("all ahead", "Produce", lambda _: produce(asker, ("clock", 0, records)))
    asker.ask("the stamped ones' end", "ListOffsets", offsets(("clock-stamped", 0, -1)))


@story
def produce_stamped_by_the_broker(asker: Asker) -> None:
    names = {version: f"stamped-v{version}" for version in PRODUCE}
    asker.create(*names.values(), message_timestamp_type="LogAppendTime")
    asker.ask_in_versions("LogAppendTime", "Produce", lambda v: produce(asker, (names[v], 0, WELL_MADE)))
    read_back(asker, "LogAppendTime", "stamped-v3")
    asker.create("stamped-codecs", message_timestamp_type="LogAppendTime")
    for codec in CODECS:
        put(asker, "stamped-codecs", batch("a" * 99, "b", codec=codec))
    read_back(asker, "LogAppendTime in every codec", "stamped-codecs")
    for what in ("no timestamp", "negative timestamp"):
        asker.ask(
            f"{what} to a stamping topic", "Produce", produce(asker, ("stamped-codecs", 0, MALFORMED[what]))
        )


@story
def produce_too_much(asker: Asker) -> None:
    asker.create("small", max_message_bytes="200")
    asker.create("segment", segment_bytes="1048576", max_message_bytes="9000000")
    for size in (80, 130, 132, 200, 400):
        asker.ask(f"{size} bytes", "Produce", produce(asker, ("small", 0, batch("x" * size))))
    asker.ask(
        "compressed to less", "Produce", produce(asker, ("small", 0, batch("x" * 900, codec=Codec.GZIP)))
    )
    asker.ask("more than a segment", "Produce", produce(asker, ("segment", 0, batch("x" * 1_048_576))))
    asker.ask_in_versions("too large", "Produce", lambda _: produce(asker, ("small", 0, batch("x" * 400))))
    asker.create("small-uncompressed", compression_type="uncompressed", max_message_bytes="200")
    large = batch("x" * 900, codec=Codec.GZIP)
    asker.ask("grows beyond the limit", "Produce", produce(asker, ("small-uncompressed", 0, large)))


@story
def produce_to_a_compacted_topic(asker: Asker) -> None:
    for policy in ("compact", "compact,delete"):
        topic = policy.replace(",", "-")
        asker.create(topic, cleanup_policy=policy)
        for codec in CODECS:
            records = batch("a", "b", "c", keys=("k", None, None), codec=codec)
            asker.ask(f"{policy}, keys missing, {codec.name}", "Produce", produce(asker, (topic, 0, records)))
        asker.ask(f"{policy}, all keys", "Produce", produce(asker, (topic, 0, WELL_MADE)))
        asker.ask(f"{policy}, no key at all", "Produce", produce(asker, (topic, 0, batch("a"))))
        asker.ask(f"{policy}, tombstone", "Produce", produce(asker, (topic, 0, batch(None, keys=("k",)))))
    asker.ask_in_versions(
        "keys missing", "Produce", lambda _: produce(asker, ("compact", 0, batch("a", "b", keys=(None, "k"))))
    )
    read_back(asker, "all keys", "compact")


def new_producer(asker: Asker) -> int:
    """An id of an idempotent producer; Apache Kafka has none to give right after its start."""
    deadline = time.monotonic() + 10
    while (reply := asker.quietly("InitProducerId", InitProducerIdRequest(transactional_id=None))).error_code:
        assert time.monotonic() < deadline, reply
        time.sleep(0.05)
    return int(reply.producer_id)


@story
def produce_idempotently(asker: Asker) -> None:
    asker.create("pid")
    producer = new_producer(asker)

    def send(what: str, epoch: int, sequence: int, count: int = 1, version: int = 12) -> None:
        records = batch(*"abcdefgh"[:count], producer=(producer, epoch, sequence))
        asker.ask(what, "Produce", produce(asker, ("pid", 0, records)), version)

    send("begins", 0, 0)
    send("goes on with three", 0, 1, 3)
    send("the same again", 0, 1, 3)
    send("the same start, fewer records", 0, 1, 2)
    send("the same end, fewer records", 0, 2, 2)
    send("the first again", 0, 0)
    send("a gap", 0, 5)
    send("goes on", 0, 4)
    for sequence in range(5, 10):
        send(f"sequence {sequence}", 0, sequence)
    send("five back", 0, 5)
    send("six back", 0, 4)
    send("the first, long ago", 0, 0)
    send("a newer epoch, not at 0", 1, 3)
    send("a newer epoch at 0", 1, 0)
    send("the older epoch", 0, 10)
    send("the older epoch's duplicate", 0, 9)
    send("the new epoch's duplicate", 1, 0)
    send("a gap in the new epoch", 1, 2)
    for version in (3, 8, 13):
        send("a gap", 1, 7, version=version)
        send("an old epoch", 0, 7, version=version)
    read_back(asker, "all", "pid")


@story
def produce_idempotently_from_anywhere(asker: Asker) -> None:
    asker.create("mid", "wrap")
    first = new_producer(asker)

    def send(what: str, topic: str, epoch: int, sequence: int, count: int = 1) -> None:
        records = batch(*"abcdefgh"[:count], producer=(first, epoch, sequence))
        asker.ask(what, "Produce", produce(asker, (topic, 0, records)), 12)

    send("an unknown producer in the middle", "mid", 3, 17)
    send("goes on", "mid", 3, 18)
    send("an epoch further", "mid", 9, 0)
    send("near the end of the numbers", "wrap", 0, 2**31 - 3, 2)
    send("over the end", "wrap", 0, 2**31 - 1, 3)
    send("over the end again", "wrap", 0, 2**31 - 1, 3)
    send("after the wrap", "wrap", 0, 2)
    send("not after the wrap", "wrap", 0, 9)


@story
def transactional_ids_before_transactions(asker: Asker) -> None:
    asker.create("plain")
    request = produce(asker, ("plain", 0, WELL_MADE), transactional_id="tx")
    asker.ask_in_versions(
        "a plain batch under a transactional id", "Produce", lambda _: request, (3, 8, 11, 13)
    )


@story
def producer_ids(asker: Asker) -> None:
    def ask(
        what: str, producer_id: int = -1, epoch: int = -1, timeout_ms: int = 60_000, name: str | None = None
    ) -> None:
        request = InitProducerIdRequest(
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            producer_id=producer_id,
            producer_epoch=epoch,
        )
        versions = range(0 if producer_id == epoch == -1 else 3, 6)
        asker.ask_in_versions(what, "InitProducerId", lambda _: request, versions)

    new_producer(asker)
    ask("a new one")
    ask("no timeout", timeout_ms=0)
    ask("a negative timeout", timeout_ms=-1)
    ask("an id without epoch", producer_id=5)
    ask("an epoch without id", epoch=5)
    ask("both", producer_id=5, epoch=5)
    ask("an epoch of -2", producer_id=5, epoch=-2)
    ask("an empty transactional id", name="")
