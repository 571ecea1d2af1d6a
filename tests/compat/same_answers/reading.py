"""Fetch, with its size rules, waits, sessions and epochs."""

import time

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.questions import ROOM, at, batch, fetch, put
from tests.compat.same_answers.stories import story

from ottla.records.compression import Codec
from ottla.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from ottla.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from ottla.wire.messages.fetch import FetchRequest, ReplicaState

NOT_YET_MS = 9_000
"""Long enough that only an answer that was woken comes in time."""


def large(letter: str) -> bytes:
    """A batch of 1,000 bytes."""
    room = 1000 - len(batch(letter * 500)) + 500
    built = batch(letter * room)
    assert len(built) == 1000
    return built


@story
def fetch_in_every_version(asker: Asker) -> None:
    asker.create("fetched", partitions=2)
    put(asker, "fetched", batch("a", "b", "c"), batch("d"))
    rows = [at("fetched", offset) for offset in range(5)]
    for offset, row in enumerate(rows):
        asker.ask_in_versions(f"from {offset}", "Fetch", lambda _, r=row: fetch(asker, r))  # type: ignore[misc]
    asker.ask_in_versions("two partitions", "Fetch", lambda _: fetch(asker, rows[3], at("fetched", 0, 1)))
    asker.ask_in_versions("read committed", "Fetch", lambda _: fetch(asker, rows[3], isolation_level=1))
    asker.ask_in_versions("nothing", "Fetch", lambda _: fetch(asker))


@story
def fetch_offsets_that_are_not_there(asker: Asker) -> None:
    asker.create("ranged", "ranged-empty")
    put(asker, "ranged", batch("a", "b", "c"), batch("d"))
    for offset in (5, 2**62, -1, -2, -(2**62)):
        asker.ask_in_versions(f"offset {offset}", "Fetch", lambda _, o=offset: fetch(asker, at("ranged", o)))  # type: ignore[misc]
    for offset in (0, 1, -1):
        asker.ask(f"empty, offset {offset}", "Fetch", fetch(asker, at("ranged-empty", offset)))
    rows = [DeleteRecordsPartition(partition_index=0, offset=2)]
    deletion = DeleteRecordsRequest(
        timeout_ms=9000, topics=[DeleteRecordsTopic(name="ranged", partitions=rows)]
    )
    asker.quietly("DeleteRecords", deletion)
    for offset in range(5):
        asker.ask(f"offset {offset} after deletion before 2", "Fetch", fetch(asker, at("ranged", offset)))


@story
def fetch_size_rules(asker: Asker) -> None:
    asker.create("size", partitions=3)
    for index in range(3):
        put(asker, "size", *map(large, "abcd"), partition=index)
    for limit in (0, 1, 60, 999, 1000, 1001, 1999, 2000, 2500, 4000, 5000):
        asker.ask(f"{limit} of a partition", "Fetch", fetch(asker, at("size", max_bytes=limit)))
        asker.ask(f"{limit} in all", "Fetch", fetch(asker, at("size"), max_bytes=limit))
        three = [at("size", 1, index) for index in (2, 0, 1)]
        asker.ask(f"{limit} for three", "Fetch", fetch(asker, *three, max_bytes=limit))
        three = [at("size", 1, index, max_bytes=limit) for index in (2, 0, 1)]
        asker.ask(f"{limit} for each of three", "Fetch", fetch(asker, *three))
    for limit in (1000, 4000, 4001, 8000):
        three = [at("size", 4, 1), at("size", 0, 0), at("size", 0, 2)]
        asker.ask(f"{limit}, the first at its end", "Fetch", fetch(asker, *three, max_bytes=limit))
    wanted = [at("size", 0, 0, max_bytes=0), at("size", 0, 1, max_bytes=0), at("size", 0, 2)]
    asker.ask("0 of a partition twice, then plenty", "Fetch", fetch(asker, *wanted))


@story
def fetch_strange_limits(asker: Asker) -> None:
    asker.create("strange")
    put(asker, "strange", batch("a"), batch("b"))
    for what, request in {
        "min bytes -1": fetch(asker, at("strange"), min_bytes=-1),
        "min bytes 0 at the end": fetch(asker, at("strange", 2), min_bytes=0, max_wait_ms=NOT_YET_MS),
        "min bytes -1 at the end": fetch(asker, at("strange", 2), min_bytes=-1, max_wait_ms=NOT_YET_MS),
        "max wait -1 at the end": fetch(asker, at("strange", 2), max_wait_ms=-1),
        "max wait -1, min bytes many": fetch(asker, at("strange"), max_wait_ms=-1, min_bytes=ROOM),
        "nothing, but wait": fetch(asker, max_wait_ms=NOT_YET_MS, min_bytes=9),
    }.items():
        asker.ask(what, "Fetch", request)


@story
def fetch_what_is_not_there(asker: Asker) -> None:
    asker.create("there", partitions=2)
    put(asker, "there", batch("a"))
    put(asker, "there", batch("b"), partition=1)
    wanted = [at("none"), at("there"), at("there", 0, 7), at("there", 0, -1), at("there", 0, 1)]
    asker.ask_in_versions(
        "bad ones between good ones", "Fetch", lambda _: fetch(asker, *wanted, max_wait_ms=NOT_YET_MS)
    )
    asker.ask_in_versions(
        "only an unknown one", "Fetch", lambda _: fetch(asker, wanted[0], max_wait_ms=NOT_YET_MS)
    )
    asker.ask("an error does not wait", "Fetch", fetch(asker, wanted[2], max_wait_ms=NOT_YET_MS, min_bytes=9))
    both = [at("there", 1), at("there", 99, 1)]
    asker.ask("out of range does not wait", "Fetch", fetch(asker, *both, max_wait_ms=NOT_YET_MS, min_bytes=9))


@story
def fetch_a_partition_twice(asker: Asker) -> None:
    asker.create("read-twice")
    put(asker, "read-twice", batch("a"), batch("b"))
    for version in (11, 12, 13):
        request = fetch(asker, at("read-twice", 0), at("read-twice", 1))
        asker.ask("the same partition twice", "Fetch", request, version)


@story
def fetch_parked(asker: Asker) -> None:
    asker.create("parked")
    with asker.another() as other:
        for number, version in enumerate((4, 11, 18)):
            asker.send("Fetch", fetch(asker, at("parked", number), max_wait_ms=NOT_YET_MS), version)
            put(other, "parked", batch(f"woken {number}"))
            answer = asker.plain.message(asker.receive("Fetch", version))
            asker.write("woken by a batch", f"Fetch v{version}", answer)
        wanted = fetch(asker, at("parked", 3), max_wait_ms=NOT_YET_MS, min_bytes=200)
        asker.send("Fetch", wanted, 12)
        for letter in "xyz":
            put(other, "parked", batch(letter))
        answer = asker.plain.message(asker.receive("Fetch", 12))
        asker.write("woken by the third batch", "Fetch v12", answer)
        started = time.monotonic()
        asker.ask(
            "not enough in time", "Fetch", fetch(asker, at("parked", 3), max_wait_ms=300, min_bytes=ROOM)
        )
        asker.write("not enough in time", "waited", str(time.monotonic() - started >= 0.29))


@story
def fetch_sessions(asker: Asker) -> None:
    for version in (7, 11, 12, 13, 18):
        name, other = f"one-v{version}", f"two-v{version}"
        asker.create(name, other, partitions=2)
        put(asker, name, batch("a"))
        ask = _in_session(asker, version)
        ask("open", fetch(asker, at(name), at(name, 0, 1), at(other), session=(0, 0)))
        session = ask.session
        ask("told again at the same place", fetch(asker, session=(session, 1)))
        ask("moved on", fetch(asker, at(name, 1), session=(session, 2)))
        ask("nothing new", fetch(asker, session=(session, 3)))
        put(asker, other, batch("b"))
        ask("news of another", fetch(asker, session=(session, 4)))
        ask("forget it", fetch(asker, session=(session, 5), forget=((other, 0),)))
        put(asker, other, batch("c"))
        ask("news of the forgotten", fetch(asker, session=(session, 6)))
        ask("add it again", fetch(asker, at(other, 1), session=(session, 7)))
        ask("add what is not there", fetch(asker, at("none"), at(other, 0, 9), session=(session, 8)))
        ask("it stays not there", fetch(asker, at(other, 2), session=(session, 9)))
        ask("forget what is not there", fetch(asker, session=(session, 10), forget=(("none", 0), (other, 9))))
        ask("quiet", fetch(asker, session=(session, 11)))
        ask("an old epoch", fetch(asker, session=(session, 5)))
        ask("a future epoch", fetch(asker, session=(session, 99)))
        ask("goes on nevertheless", fetch(asker, session=(session, 12)))
        ask("an unknown session", fetch(asker, session=(session ^ 0x55, 1)))
        ask("epoch 1 without a session", fetch(asker, at(name), session=(0, 1)))
        ask("epoch -2", fetch(asker, at(name), session=(session, -2)))
        ask("close, and read", fetch(asker, at(name), session=(session, -1)))
        ask("closed", fetch(asker, session=(session, 13)))
        ask("open with nothing", fetch(asker, session=(0, 0)))
        ask("open with an error", fetch(asker, at(name, 99), at(other, 2), session=(0, 0)))
        session = ask.session
        ask("the error again", fetch(asker, session=(session, 1)))
        ask("open over an old one", fetch(asker, at(name, 1), session=(session, 0)))
        ask("the old one", fetch(asker, session=(session, 2)))
        session = ask.session
        ask("forget all", fetch(asker, session=(session, 1), forget=((name, 0),)))
        ask("all are forgotten", fetch(asker, session=(session, 2)))


class _in_session:  # noqa: N801 - a function that remembers the last session
    def __init__(self, asker: Asker, version: int) -> None:
        self.asker, self.version, self.session = asker, version, 0

    def __call__(self, what: str, request: FetchRequest) -> None:
        reply = self.asker.ask(what, "Fetch", request, self.version)
        self.session = (reply.session_id if reply else 0) or self.session


@story
def fetch_sessions_that_mix_ids_and_names(asker: Asker) -> None:
    asker.create("mixed", "mixed-in")
    ask = _in_session(asker, 12)
    ask("open by name", fetch(asker, at("mixed"), session=(0, 0)))
    asker.ask("go on by id", "Fetch", fetch(asker, session=(ask.session, 1)), 13)
    asker.ask("go on by name", "Fetch", fetch(asker, session=(ask.session, 1)), 12)
    asker.ask("go on by name later", "Fetch", fetch(asker, session=(ask.session, 2)), 12)
    ask = _in_session(asker, 13)
    ask("open by id", fetch(asker, at("mixed"), session=(0, 0)))
    asker.ask("go on by name", "Fetch", fetch(asker, session=(ask.session, 1)), 12)
    asker.ask("add by name", "Fetch", fetch(asker, at("mixed-in"), session=(ask.session, 1)), 12)
    asker.ask("close by name", "Fetch", fetch(asker, session=(ask.session, -1)), 12)


@story
def fetch_and_leader_epochs(asker: Asker) -> None:
    asker.create("epochs")
    put(asker, "epochs", batch("a", "b"))
    for epoch in (-1, 0, 1, -2, 2**31 - 1):
        asker.ask_in_versions(
            f"current leader epoch {epoch}",
            "Fetch",
            lambda _, e=epoch: fetch(asker, at("epochs", 1, current_leader_epoch=e)),  # type: ignore[misc]
        )
    for last, offset in ((-1, 1), (0, 1), (0, 2), (0, 3), (1, 1), (5, 2), (-2, 0), (2**31 - 1, 0), (0, -1)):
        row = at("epochs", offset, last_fetched_epoch=last)
        asker.ask_in_versions(
            f"last fetched epoch {last} at {offset}",
            "Fetch",
            lambda _, r=row: fetch(asker, r, max_wait_ms=NOT_YET_MS if r[1].last_fetched_epoch > 0 else 0),  # type: ignore[misc]
            range(12, 19),
        )
    row = at("epochs", 1, last_fetched_epoch=3, current_leader_epoch=7)
    asker.ask("both wrong", "Fetch", fetch(asker, row))


@story
def fetch_with_a_rack(asker: Asker) -> None:
    asker.create("racked")
    put(asker, "racked", batch("a"))
    asker.ask_in_versions(
        "a rack", "Fetch", lambda _: fetch(asker, at("racked"), rack_id="here"), range(11, 19)
    )


@story
def fetch_as_a_stranger(asker: Asker) -> None:
    asker.create("strangers")
    put(asker, "strangers", batch("a"))
    for replica in (-2, -3, 5, 1):
        for version in (4, 12, 14):
            request = fetch(asker, at("strangers"))
            request.replica_id = replica
            asker.ask(f"replica {replica}", "Fetch", request, version)
        for version in (15,):
            request = fetch(asker, at("strangers"))
            request.replica_state = ReplicaState(replica_id=replica, replica_epoch=-1)
            asker.ask(f"replica {replica}", "Fetch", request, version)
    request = fetch(asker, at("strangers"))
    request.cluster_id = "somebody-elses"
    asker.ask("another cluster's id", "Fetch", request)


@story
def fetch_compressed(asker: Asker) -> None:
    asker.create("compressed")
    for codec in Codec:
        put(asker, "compressed", batch("a" * 100, "b", None, codec=codec))
    for offset in range(0, 15, 2):
        asker.ask(f"from {offset}", "Fetch", fetch(asker, at("compressed", offset, max_bytes=1)))
    asker.ask("all", "Fetch", fetch(asker, at("compressed")))


@story
def fetch_over_segments(asker: Asker) -> None:
    asker.create("rolled", segment_bytes="1048576")
    for letter in "abc":
        put(asker, "rolled", batch(letter * 700_000))
    for offset in range(4):
        asker.ask(f"from {offset}", "Fetch", fetch(asker, at("rolled", offset, max_bytes=5 * ROOM)))
    request = fetch(asker, at("rolled", 0, max_bytes=ROOM), min_bytes=ROOM, max_wait_ms=NOT_YET_MS)
    asker.ask("a segment behind the last does not wait", "Fetch", request)


@story
def fetch_of_a_deleted_topic(asker: Asker) -> None:
    asker.create("deleted")
    put(asker, "deleted", batch("a"))
    old = fetch(asker, at("deleted", 1), session=(0, 0))
    asker.ask("in a session", "Fetch", old, 13)
    gone = DeleteTopicsRequest(topics=[DeleteTopicState(name="deleted")], timeout_ms=9000)
    asker.quietly("DeleteTopics", gone)
    asker.settle()
    asker.ask("by its old id", "Fetch", fetch(asker, at("deleted")), 13)
    asker.ask("by its name", "Fetch", fetch(asker, at("deleted")), 12)


@story
def fetch_parked_on_several(asker: Asker) -> None:
    asker.create("several", partitions=3)
    rows = [at("several", 0, index) for index in range(3)]
    with asker.another() as other:
        asker.send("Fetch", fetch(asker, *rows, max_wait_ms=NOT_YET_MS, min_bytes=200), 12)
        for index in (2, 0, 1):
            put(other, "several", batch("x" * 10), partition=index)
        answer = asker.plain.message(asker.receive("Fetch", 12))
        asker.write("woken by all three", "Fetch v12", answer)
        rows = [at("several", 1, index) for index in range(3)]
        opened = asker.ask("open a session", "Fetch", fetch(asker, *rows, session=(0, 0)), 12)
        parked = fetch(asker, session=(opened.session_id, 1), max_wait_ms=NOT_YET_MS)
        asker.send("Fetch", parked, 12)
        put(other, "several", batch("y"), partition=1)
        answer = asker.plain.message(asker.receive("Fetch", 12))
        asker.write("a session woken by one", "Fetch v12", answer)
        started = time.monotonic()
        quiet = fetch(asker, at("several", 2, 1), session=(opened.session_id, 2), max_wait_ms=200)
        asker.ask("nothing more", "Fetch", quiet, 12)
        asker.write("nothing more", "waited", str(time.monotonic() - started >= 0.19))


@story
def fetch_pipelined(asker: Asker) -> None:
    """Replies come in the order of the requests, also behind one that waits."""
    asker.create("pipeline")
    put(asker, "pipeline", batch("a"))
    asker.send("Fetch", fetch(asker, at("pipeline", 1), max_wait_ms=100), 12)
    for version in (4, 12, 18):
        asker.send("Fetch", fetch(asker, at("pipeline", 0)), version)
    for version in (12, 4, 12, 18):
        answer = asker.plain.message(asker.receive("Fetch", version))
        asker.write("in order", f"Fetch v{version}", answer)
