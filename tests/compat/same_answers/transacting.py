"""Transactions: their coordinator's answers, and what partitions and groups take in a transaction.

An end is decided before its markers are written: the stories wait for them, because what is answered in between is a
matter of time. Left out is what depends on it: CONCURRENT_TRANSACTIONS.
"""

import time
from collections.abc import Callable, Iterable

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.plain import EPOCH_MS
from tests.compat.same_answers.questions import at, fetch, offsets, produce
from tests.compat.same_answers.stories import story

from ottla.records.builder import BatchBuilder
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from ottla.wire.messages.describe_producers import DescribeProducersRequest, TopicRequest
from ottla.wire.messages.describe_transactions import DescribeTransactionsRequest
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from ottla.wire.messages.list_transactions import ListTransactionsRequest
from ottla.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from ottla.wire.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from ottla.wire.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest
from ottla.wire.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
)

GROUP, TRANSACTION = 0, 1
TIMEOUT_MS = 60_000
NOBODY = 999_999
OLD_PRODUCE, NEW_PRODUCE = range(3, 12), range(12, 14)
Partitions = dict[str, list[int]]


class Producer:
    """One transactional id, as a client would hold it."""

    def __init__(self, asker: Asker, name: str) -> None:
        self.asker, self.name = asker, name
        self.id, self.epoch = -1, -1

    def begin(self) -> "Producer":
        """Quietly, with as many tries as it takes."""
        reply = patiently(self.asker, "InitProducerId", self.init)
        self.id, self.epoch = reply.producer_id, reply.producer_epoch
        return self

    def init(self, *, goes_on: bool = False, timeout_ms: int = TIMEOUT_MS) -> InitProducerIdRequest:
        known = {"producer_id": self.id, "producer_epoch": self.epoch} if goes_on else {}
        return InitProducerIdRequest(transactional_id=self.name, transaction_timeout_ms=timeout_ms, **known)

    def add(self, topics: Partitions, **changes: object) -> AddPartitionsToTxnRequest:
        """As clients add partitions, up to version 3."""
        values: dict[str, object] = {
            "v3_and_below_transactional_id": self.name,
            "v3_and_below_producer_id": self.id,
            "v3_and_below_producer_epoch": self.epoch,
            "v3_and_below_topics": listed(topics),
        }
        return AddPartitionsToTxnRequest(**(values | changes))

    def transaction(
        self, topics: Partitions, *, verify_only: bool = False, **changes: object
    ) -> AddPartitionsToTxnTransaction:
        """As brokers add or verify partitions, from version 4."""
        values: dict[str, object] = {
            "transactional_id": self.name,
            "producer_id": self.id,
            "producer_epoch": self.epoch,
            "verify_only": verify_only,
            "topics": listed(topics),
        }
        return AddPartitionsToTxnTransaction(**(values | changes))

    def joins(self, topics: Partitions) -> None:
        """Quietly, in version 3, as soon as the last transaction is over."""
        patiently(self.asker, "AddPartitionsToTxn", lambda: self.add(topics), 3)

    def batch(self, *values: str, sequence: int = 0, epoch: int | None = None) -> bytes:
        builder = BatchBuilder(
            producer_id=self.id,
            producer_epoch=self.epoch if epoch is None else epoch,
            base_sequence=sequence,
            is_transactional=True,
        )
        for index, value in enumerate(values):
            builder.append(EPOCH_MS + index, None, value.encode())
        return builder.build()

    def end(self, *, committed: bool, **changes: object) -> EndTxnRequest:
        values: dict[str, object] = {
            "transactional_id": self.name,
            "producer_id": self.id,
            "producer_epoch": self.epoch,
            "committed": committed,
        }
        return EndTxnRequest(**(values | changes))

    def settle(self) -> None:
        """Wait until its transaction has all its markers."""
        deadline = time.monotonic() + 20
        while "Prepare" in self.state():
            assert time.monotonic() < deadline, self.name
            time.sleep(0.02)

    def state(self) -> str:
        request = DescribeTransactionsRequest(transactional_ids=[self.name])
        reply = self.asker.quietly("DescribeTransactions", request)
        return str(reply.transaction_states[0].transaction_state)


def listed(topics: Partitions) -> list[AddPartitionsToTxnTopic]:
    return [AddPartitionsToTxnTopic(name=name, partitions=rows) for name, rows in topics.items()]


def patiently(asker: Asker, api: str, make: Callable[[], object], version: int | None = None) -> object:
    """Quietly, until it is answered without a code: coordinators are still being made, markers written."""
    deadline = time.monotonic() + 30
    while "error_code=" in asker.plain.message(reply := asker.quietly(api, make(), version)):
        assert time.monotonic() < deadline, reply
        time.sleep(0.05)
    return reply


def ready(asker: Asker) -> None:
    """Both coordinators are there."""
    for kind in (GROUP, TRANSACTION):
        request = FindCoordinatorRequest(key_type=kind, coordinator_keys=["somebody"])
        patiently(asker, "FindCoordinator", lambda r=request: r)
    Producer(asker, "somebody").begin()


# ── InitProducerId ────────────────────────────────────────────────────────────────────────────────────────────────


@story
def transactional_coordinators(asker: Asker) -> None:
    ready(asker)
    asker.ask_in_versions(
        "of a transactional id",
        "FindCoordinator",
        lambda _: FindCoordinatorRequest(key="t", key_type=TRANSACTION),
        range(1, 4),
    )
    asker.ask_in_versions(
        "of two, and of none",
        "FindCoordinator",
        lambda _: FindCoordinatorRequest(key_type=TRANSACTION, coordinator_keys=["t", "u", ""]),
        range(4, 7),
    )


@story
def producer_ids_of_transactional_ids(asker: Asker) -> None:
    ready(asker)
    asker.ask_in_versions(
        "a new one", "InitProducerId", lambda v: Producer(asker, f"init-v{v}").init(), range(6)
    )
    asker.ask_in_versions("again", "InitProducerId", lambda v: Producer(asker, f"init-v{v}").init(), range(6))
    for what, timeout_ms in (("too long", 900_001), ("as long as may be", 900_000), ("0", 0), ("-1", -1)):
        asker.ask_in_versions(
            f"a timeout of {what}",
            "InitProducerId",
            lambda v, t=timeout_ms: Producer(asker, f"timeout-v{v}").init(timeout_ms=t),  # type: ignore[misc]
            range(6),
        )
    asker.ask_in_versions("an empty id", "InitProducerId", lambda _: Producer(asker, "").init(), range(6))


@story
def producers_that_go_on(asker: Asker) -> None:
    """KIP-360: a producer id and epoch in the request."""
    ready(asker)
    known = {v: Producer(asker, f"on-v{v}").begin() for v in range(3, 6)}

    def ask(what: str, **changes: int) -> None:
        def make(version: int) -> InitProducerIdRequest:
            request = known[version].init(goes_on=True)
            for name, value in changes.items():
                setattr(request, name, value)
            return request

        asker.ask_in_versions(what, "InitProducerId", make, range(3, 6))

    ask("goes on")
    ask("goes on with the epoch before, again")
    ask("with an epoch that nobody has yet", producer_epoch=9)
    ask("with somebody else's producer id", producer_id=NOBODY)
    ask("an id without an epoch", producer_epoch=-1)
    ask("an epoch without an id", producer_id=-1)
    asker.ask_in_versions("begins anew", "InitProducerId", lambda v: known[v].init(), range(3, 6))
    ask("the producer from before goes on")
    asker.ask_in_versions(
        "nobody's transactional id goes on",
        "InitProducerId",
        lambda v: InitProducerIdRequest(
            transactional_id=f"never-v{v}",
            transaction_timeout_ms=TIMEOUT_MS,
            producer_id=NOBODY,
            producer_epoch=3,
        ),
        range(3, 6),
    )


# ── AddPartitionsToTxn and AddOffsetsToTxn ────────────────────────────────────────────────────────────────────────


@story
def partitions_of_a_transaction(asker: Asker) -> None:
    ready(asker)
    asker.create("mine", partitions=2)
    known = {v: Producer(asker, f"add-v{v}").begin() for v in range(4)}

    def ask(what: str, topics: Partitions, **changes: object) -> None:
        asker.ask_in_versions(what, "AddPartitionsToTxn", lambda v: known[v].add(topics, **changes), range(4))

    ask("two", {"mine": [0, 1]})
    ask("again", {"mine": [0, 1]})
    ask("none", {})
    ask("one that does not exist between others", {"mine": [0, 7, 1], "none": [0]})
    ask("an old epoch", {"mine": [0]}, v3_and_below_producer_epoch=-1)
    ask("a future epoch", {"mine": [0]}, v3_and_below_producer_epoch=5)
    ask("another producer id", {"mine": [0]}, v3_and_below_producer_id=NOBODY)
    ask("nobody's transactional id", {"mine": [0]}, v3_and_below_transactional_id="unheard of")
    ask("no transactional id", {"mine": [0]}, v3_and_below_transactional_id="")


@story
def partitions_that_brokers_add(asker: Asker) -> None:
    ready(asker)
    asker.create("theirs", partitions=2)
    known = {v: Producer(asker, f"brokers-v{v}").begin() for v in (4, 5)}

    def ask(what: str, make: Callable[[Producer], Iterable[AddPartitionsToTxnTransaction]]) -> None:
        asker.ask_in_versions(
            what,
            "AddPartitionsToTxn",
            lambda v: AddPartitionsToTxnRequest(transactions=list(make(known[v]))),
            (4, 5),
        )

    zero, both = {"theirs": [0]}, {"theirs": [0, 1]}
    ask("verifies before anything is added", lambda p: [p.transaction(zero, verify_only=True)])
    ask("adds one", lambda p: [p.transaction(zero)])
    ask("verifies that one and another", lambda p: [p.transaction(both, verify_only=True)])
    ask("verifies with an old epoch", lambda p: [p.transaction(zero, verify_only=True, producer_epoch=-1)])
    ask(
        "verifies of another producer",
        lambda p: [p.transaction(zero, verify_only=True, producer_id=NOBODY)],
    )
    ask(
        "verifies nobody's transactional id",
        lambda p: [p.transaction(zero, verify_only=True, transactional_id="unheard of")],
    )
    ask(
        "verifies no transactional id",
        lambda p: [p.transaction(zero, verify_only=True, transactional_id="")],
    )
    ask("verifies what does not exist", lambda p: [p.transaction({"none": [0]}, verify_only=True)])
    ask("adds with an old epoch", lambda p: [p.transaction(zero, producer_epoch=-1)])
    ask(
        "two transactions, one of nobody",
        lambda p: [p.transaction(both), p.transaction(zero, transactional_id="unheard of too")],
    )


@story
def groups_of_a_transaction(asker: Asker) -> None:
    ready(asker)
    known = {v: Producer(asker, f"offsets-v{v}").begin() for v in range(5)}

    def ask(what: str, **changes: object) -> None:
        def make(version: int) -> AddOffsetsToTxnRequest:
            producer = known[version]
            values: dict[str, object] = {
                "transactional_id": producer.name,
                "producer_id": producer.id,
                "producer_epoch": producer.epoch,
                "group_id": "g",
            }
            return AddOffsetsToTxnRequest(**(values | changes))

        asker.ask_in_versions(what, "AddOffsetsToTxn", make, range(5))

    ask("a group")
    ask("again")
    ask("an old epoch", producer_epoch=-1)
    ask("another producer id", producer_id=NOBODY)
    ask("nobody's transactional id", transactional_id="unheard of")
    ask("no transactional id", transactional_id="")


# ── EndTxn ────────────────────────────────────────────────────────────────────────────────────────────────────────


@story
def ends_of_transactions_of_old_clients(asker: Asker) -> None:
    ready(asker)
    asker.create("old-ends")
    versions = range(5)
    known = {v: Producer(asker, f"end-v{v}").begin() for v in versions}

    def ask(what: str, *, committed: bool, **changes: object) -> None:
        asker.ask_in_versions(
            what, "EndTxn", lambda v: known[v].end(committed=committed, **changes), versions
        )
        for producer in known.values():
            producer.settle()

    ask("commits nothing", committed=True)
    ask("aborts nothing", committed=False)
    for producer in known.values():
        producer.joins({"old-ends": [0]})
    ask("an old epoch", committed=True, producer_epoch=-1)
    ask("a future epoch", committed=True, producer_epoch=5)
    ask("another producer id", committed=True, producer_id=NOBODY)
    ask("nobody's transactional id", committed=True, transactional_id="unheard of")
    ask("no transactional id", committed=True, transactional_id="")
    ask("commits", committed=True)
    ask("commits again", committed=True)
    ask("aborts what is committed", committed=False)
    for producer in known.values():
        producer.joins({"old-ends": [0]})
    ask("aborts", committed=False)
    ask("aborts again", committed=False)
    ask("commits what is aborted", committed=True)


@story
def ends_of_transactions_of_new_clients(asker: Asker) -> None:
    """Transaction version 2: every end has a new epoch."""
    ready(asker)
    asker.create("new-ends")
    producer = Producer(asker, "new").begin()

    def ask(what: str, *, committed: bool, **changes: object) -> None:
        reply = asker.ask(what, "EndTxn", producer.end(committed=committed, **changes), 5)
        producer.settle()
        if reply.error_code == 0:
            producer.id, producer.epoch = reply.producer_id, reply.producer_epoch

    def begin(what: str) -> None:
        request = produce(
            asker, ("new-ends", 0, producer.batch(what)), acks=-1, transactional_id=producer.name
        )
        asker.ask(what, "Produce", request, 12)

    ask("commits nothing", committed=True)
    ask("aborts nothing", committed=False)
    ask("aborts nothing at an old epoch", committed=False, producer_epoch=0)
    begin("a record to commit")
    ask("an epoch long ago", committed=True, producer_epoch=-1)
    ask("a future epoch", committed=True, producer_epoch=9)
    ask("another producer id", committed=True, producer_id=NOBODY)
    ask("nobody's transactional id", committed=True, transactional_id="unheard of")
    ask("no transactional id", committed=True, transactional_id="")
    before = producer.epoch
    ask("commits", committed=True)
    ask("commits again, with the epoch from before", committed=True, producer_epoch=before)
    ask("aborts what is committed, with the epoch from before", committed=False, producer_epoch=before)
    ask("commits nothing with the new epoch", committed=True)
    begin("a record to abort")
    before = producer.epoch
    ask("aborts", committed=False)
    ask("aborts again, with the epoch from before", committed=False, producer_epoch=before)
    ask("commits what is aborted", committed=True, producer_epoch=before)
    asker.ask("all of it", "Fetch", fetch(asker, at("new-ends")), 12)
    asker.ask("what is committed", "Fetch", fetch(asker, at("new-ends"), isolation_level=1), 12)


# ── Records ───────────────────────────────────────────────────────────────────────────────────────────────────────


@story
def records_outside_of_a_transaction(asker: Asker) -> None:
    ready(asker)
    names = {v: f"outside-v{v}" for v in OLD_PRODUCE}
    asker.create(*names.values())
    known = {v: Producer(asker, f"outside-v{v}").begin() for v in OLD_PRODUCE}

    def ask(what: str, transactional_id: str | None = "its own") -> None:
        def make(version: int) -> object:
            producer = known[version]
            name = producer.name if transactional_id == "its own" else transactional_id
            records = producer.batch("a")
            return produce(asker, (names[version], 0, records), acks=-1, transactional_id=name)

        asker.ask_in_versions(what, "Produce", make, OLD_PRODUCE)

    ask("nothing was added")
    ask("of nobody's transactional id", "unheard of")
    for version, producer in known.items():
        producer.joins({names[version]: [0]})
    ask("once it is added")
    ask("again")
    asker.ask(
        "an open transaction, read uncommitted",
        "Fetch",
        fetch(asker, at("outside-v9")),
        12,
    )
    asker.ask(
        "an open transaction, read committed",
        "Fetch",
        fetch(asker, at("outside-v9"), isolation_level=1),
        12,
    )
    for isolation_level in (0, 1):
        asker.ask_in_versions(
            f"its end, isolation level {isolation_level}",
            "ListOffsets",
            lambda _, i=isolation_level: offsets(("outside-v9", 0, -1), isolation_level=i),  # type: ignore[misc]
            range(2, 8),
        )


@story
def records_of_fenced_producers(asker: Asker) -> None:
    ready(asker)
    names = {v: f"fenced-v{v}" for v in range(3, 14)}
    asker.create(*names.values())
    old = {v: Producer(asker, names[v]).begin() for v in names}
    for version in OLD_PRODUCE:
        old[version].joins({names[version]: [0]})

    def ask(what: str, producers: dict[int, Producer], sequence: int) -> None:
        asker.ask_in_versions(
            what,
            "Produce",
            lambda v: produce(
                asker,
                (names[v], 0, producers[v].batch("a", sequence=sequence)),
                acks=-1,
                transactional_id=producers[v].name,
            ),
            range(3, 14),
        )

    ask("the old one begins", old, 0)
    for producer in old.values():
        Producer(asker, producer.name).begin()
    ask("a new one has begun: the old one goes on", old, 1)
    asker.ask_in_versions(
        "the old one adds a partition",
        "AddPartitionsToTxn",
        lambda v: old[v + 3].add({names[v + 3]: [0]}),
        range(4),
    )
    asker.ask_in_versions("the old one commits", "EndTxn", lambda v: old[v + 3].end(committed=True), range(6))
    asker.ask("what is left", "Fetch", fetch(asker, at("fenced-v9")), 12)
    asker.ask("what is committed of it", "Fetch", fetch(asker, at("fenced-v9"), isolation_level=1), 12)


# ── Offsets ───────────────────────────────────────────────────────────────────────────────────────────────────────


@story
def offsets_in_a_transaction(asker: Asker) -> None:
    ready(asker)
    asker.create("read")
    known = {v: Producer(asker, f"commit-v{v}").begin() for v in range(6)}

    def request(version: int, **changes: object) -> TxnOffsetCommitRequest:
        producer = known[version]
        topic, index = changes.pop("topic", "read"), changes.pop("index", 0)
        row = TxnOffsetCommitRequestPartition(
            partition_index=index, committed_offset=7, committed_metadata=changes.pop("metadata", "m")
        )
        values: dict[str, object] = {
            "transactional_id": producer.name,
            "group_id": f"group-v{version}",
            "producer_id": producer.id,
            "producer_epoch": producer.epoch,
            "topics": [TxnOffsetCommitRequestTopic(name=topic, partitions=[row])],
        }
        return TxnOffsetCommitRequest(**(values | changes))

    def ask(what: str, versions: Iterable[int] = range(6), **changes: object) -> None:
        asker.ask_in_versions(what, "TxnOffsetCommit", lambda v: request(v, **changes), versions)

    def ask_fetch(what: str) -> None:
        def make(version: int, *, require_stable: bool) -> OffsetFetchRequest:
            wanted = [OffsetFetchRequestTopics(name="read", partition_indexes=[0])]
            groups = [OffsetFetchRequestGroup(group_id=f"group-v{v}", topics=wanted) for v in known]
            return OffsetFetchRequest(groups=groups, require_stable=require_stable)

        for stable in (False, True):
            asker.ask(f"{what}, stable {stable}", "OffsetFetch", make(9, require_stable=stable), 9)

    ask("before the group is added", range(5))
    for version in range(5):
        producer = known[version]
        added = AddOffsetsToTxnRequest(
            transactional_id=producer.name,
            producer_id=producer.id,
            producer_epoch=producer.epoch,
            group_id=f"group-v{version}",
        )
        patiently(asker, "AddOffsetsToTxn", lambda a=added: a)
    ask("once it is added")
    ask_fetch("while it is open")
    ask("of a topic that does not exist", topic="none")
    ask("of a partition that does not exist", index=7)
    ask("metadata that is too long", metadata="x" * 5_000)
    ask("no group", group_id="")
    ask("an old epoch", producer_epoch=-1)
    ask("another producer id", producer_id=NOBODY)
    ask("nobody's transactional id", transactional_id="unheard of")
    ask("no transactional id", transactional_id="")
    for what, changes in {
        "a generation of nobody": {"generation_id": 3, "member_id": "m"},
        "a member without a generation": {"member_id": "m"},
        "an instance of nobody": {"group_instance_id": "i"},
    }.items():
        ask(what, range(3, 6), **changes)
    for version in range(5):
        patiently(asker, "EndTxn", lambda v=version: known[v].end(committed=v % 2 == 0), 4)
    patiently(asker, "EndTxn", lambda: known[5].end(committed=True), 5)
    for producer in known.values():
        producer.settle()
    ask_fetch("once it is over, even versions committed and odd ones but the last aborted")


@story
def offsets_deleted_in_a_transaction(asker: Asker) -> None:
    """And an answer about partitions that exist and others that do not."""
    ready(asker)
    asker.create("kept")
    producer = Producer(asker, "deletes").begin()
    rows = [TxnOffsetCommitRequestPartition(partition_index=index, committed_offset=5) for index in (0, 7)]
    commit = TxnOffsetCommitRequest(
        transactional_id=producer.name,
        producer_id=producer.id,
        group_id="forgetful",
        topics=[TxnOffsetCommitRequestTopic(name="kept", partitions=rows)],
    )
    asker.ask("one that exists, one that does not", "TxnOffsetCommit", commit, 5)
    wanted = OffsetDeleteRequestTopic(
        name="kept", partitions=[OffsetDeleteRequestPartition(partition_index=0)]
    )
    asker.ask("deletes it", "OffsetDelete", OffsetDeleteRequest(group_id="forgetful", topics=[wanted]), 0)
    asker.ask("commits", "EndTxn", producer.end(committed=True), 5)
    producer.settle()
    groups = [OffsetFetchRequestGroup(group_id="forgetful", topics=None)]
    asker.ask("what is left", "OffsetFetch", OffsetFetchRequest(groups=groups), 8)


@story
def old_epochs_under_other_names(asker: Asker) -> None:
    """A partition that knows a newer epoch asks nobody."""
    ready(asker)
    asker.create("newer")
    producer = Producer(asker, "renewed").begin().begin()
    producer.joins({"newer": [0]})
    begun = produce(asker, ("newer", 0, producer.batch("a")), acks=-1, transactional_id=producer.name)
    asker.ask("begins", "Produce", begun, 11)
    for epoch in (0, 2):
        asker.ask_in_versions(
            f"epoch {epoch} of nobody's transactional id",
            "Produce",
            lambda _, e=epoch: produce(  # type: ignore[misc]
                asker, ("newer", 0, producer.batch("b", epoch=e)), acks=-1, transactional_id="unheard of"
            ),
            range(3, 14),
        )


# ── Markers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@story
def markers_from_outside(asker: Asker) -> None:
    """What an administrator does to a transaction that hangs."""
    ready(asker)
    asker.create("hangs")
    producer = Producer(asker, "hanging").begin().begin()
    producer.joins({"hangs": [0]})
    begun = produce(asker, ("hangs", 0, producer.batch("a", "b")), acks=-1, transactional_id=producer.name)
    asker.ask("begins", "Produce", begun, 11)

    def ask(what: str, version: int, **changes: object) -> None:
        topic, index = changes.pop("topic", "hangs"), changes.pop("index", 0)
        values: dict[str, object] = {
            "producer_id": producer.id,
            "producer_epoch": producer.epoch,
            "topics": [WritableTxnMarkerTopic(name=topic, partition_indexes=[index])],
            "coordinator_epoch": 0,
        }
        request = WriteTxnMarkersRequest(markers=[WritableTxnMarker(**(values | changes))])
        asker.ask(what, "WriteTxnMarkers", request, version)

    for version in (1, 2):
        ask("a topic that does not exist", version, topic="none")
        ask("a partition that does not exist", version, index=7)
        ask("an old epoch", version, producer_epoch=0)
    ask("of version 2 at the transaction's own epoch", 2, transaction_version=2)
    ask("aborts", 1)
    asker.ask("what is left", "Fetch", fetch(asker, at("hangs"), isolation_level=1), 12)
    ask("commits what is aborted, of a producer that is known", 1, transaction_result=True)
    ask("of a producer that is not known", 1, producer_id=producer.id + 1_000_000)
    asker.ask("all of it", "Fetch", fetch(asker, at("hangs")), 12)
    describe(asker, "hanging")


# ── Producers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def producers(asker: Asker, what: str, topic: str, *indexes: int) -> None:
    """What the partitions know of their producers, in the order of their ids."""
    topics = [TopicRequest(name=topic, partition_indexes=list(indexes))]
    asker.ask(what, "DescribeProducers", DescribeProducersRequest(topics=topics))


@story
def producers_of_partitions_that_are_not_there(asker: Asker) -> None:
    ready(asker)
    asker.create("few", partitions=2)
    asker.ask("no topic", "DescribeProducers", DescribeProducersRequest())
    producers(asker, "no partition", "few")
    producers(asker, "none has written", "few", 0, 1)
    producers(asker, "the same one twice", "few", 0, 0)
    producers(asker, "partitions that do not exist", "few", -1, 0, 2)
    for name in ("nobody", "", "bad name", ".", "x" * 250):
        producers(asker, f"the topic {name[:10]!r}", name, 0)


@story
def producers_that_are_idempotent(asker: Asker) -> None:
    ready(asker)
    asker.create("once")
    reply = patiently(asker, "InitProducerId", lambda: InitProducerIdRequest(transactional_id=None))

    def write(what: str, count: int, sequence: int, epoch: int = 0) -> None:
        builder = BatchBuilder(producer_id=reply.producer_id, producer_epoch=epoch, base_sequence=sequence)
        for index in range(count):
            builder.append(EPOCH_MS + sequence + index, None, b"x")
        asker.quietly("Produce", produce(asker, ("once", 0, builder.build()), acks=-1), 11)
        producers(asker, what, "once", 0)

    write("three records", 3, 0)
    write("two more", 2, 3)
    write("the same again", 2, 3)
    write("one out of order", 1, 9)
    write("a new epoch", 1, 0, epoch=1)
    write("the old epoch again", 1, 5)


@story
def producers_in_transactions(asker: Asker) -> None:
    ready(asker)
    asker.create("many", partitions=2)
    old, new = (Producer(asker, f"described-{kind}").begin() for kind in ("old", "new"))
    old.joins({"many": [0]})
    for producer, version in ((old, 11), (new, 12)):
        request = produce(
            asker, ("many", 0, producer.batch("a", "b")), acks=-1, transactional_id=producer.name
        )
        asker.quietly("Produce", request, version)
        producers(asker, f"{producer.name} is in a transaction", "many", 0, 1)
    for producer, version, committed in ((old, 4, True), (new, 5, False)):
        patiently(
            asker,
            "EndTxn",
            lambda p=producer, c=committed: p.end(committed=c),
            version,  # type: ignore[misc]
        )
        producer.settle()
        producers(asker, f"that of {producer.name} has ended", "many", 0)
    asker.ask("the old one begins anew", "InitProducerId", old.init(), 4)
    producers(asker, "no batch of that epoch yet", "many", 0)
    marker = WritableTxnMarker(
        producer_id=new.id,
        producer_epoch=7,
        coordinator_epoch=3,
        topics=[WritableTxnMarkerTopic(name="many", partition_indexes=[0, 1])],
    )
    asker.ask("a marker from outside", "WriteTxnMarkers", WriteTxnMarkersRequest(markers=[marker]), 1)
    producers(asker, "after it", "many", 0, 1)


# ── Views ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def describe(asker: Asker, *ids: str) -> None:
    """When a transaction began is told as 1, if it ever did."""
    reply = asker.quietly("DescribeTransactions", DescribeTransactionsRequest(transactional_ids=list(ids)))
    for state in reply.transaction_states:
        state.transaction_start_time_ms = min(state.transaction_start_time_ms, 1)
        for topic in state.topics:
            topic.partitions.sort()
    asker.write(", ".join(map(repr, ids)) or "nobody", "DescribeTransactions v0", asker.plain.message(reply))


@story
def transactions_described_and_listed(asker: Asker) -> None:
    ready(asker)
    asker.create("seen", partitions=3)
    fresh = Producer(asker, "view-fresh").begin()
    open_one = Producer(asker, "view-open").begin()
    open_one.joins({"seen": [2, 0]})
    ended = Producer(asker, "view-ended").begin()
    ended.joins({"seen": [1]})
    patiently(asker, "EndTxn", lambda: ended.end(committed=True), 4)
    ended.settle()

    describe(asker, "view-fresh")
    describe(asker, "view-open")
    describe(asker, "view-ended")
    describe(asker, "unheard of", "")
    describe(asker)

    def listed_(what: str, **filters: object) -> None:
        versions = range(
            2 if "transactional_id_pattern" in filters else 1 if "duration_filter" in filters else 0, 3
        )
        answers: dict[str, list[int]] = {}
        for version in versions:
            reply = asker.quietly("ListTransactions", ListTransactionsRequest(**filters), version)
            reply.transaction_states = [
                each for each in reply.transaction_states if each.transactional_id.startswith("view-")
            ]
            answers.setdefault(asker.plain.message(reply), []).append(version)
        for answer, alike in answers.items():
            asker.write(what, f"ListTransactions v{alike[0]}-{alike[-1]}", answer)

    listed_("all")
    listed_("ongoing ones", state_filters=["Ongoing"])
    listed_("states that nobody knows", state_filters=["ongoing", "Nonsense", "Empty"])
    listed_("of a producer id", producer_id_filters=[fresh.id])
    listed_("that last long", duration_filter=600_000)
    listed_("that last at all", duration_filter=0)
    listed_("of a pattern", transactional_id_pattern="view-(open|fresh)")
    listed_("of a pattern that is a part", transactional_id_pattern="open")
    listed_("of an empty pattern", transactional_id_pattern="")
    listed_("of a pattern that is none", transactional_id_pattern="(")


# ── Features ──────────────────────────────────────────────────────────────────────────────────────────────────────


@story
def feature_levels(asker: Asker) -> None:
    """Tried without being done, but for one that is taken back."""

    def ask(what: str, *rows: tuple[str, int, int], versions: Iterable[int] = (1, 2)) -> None:
        asker.ask_in_versions(
            what,
            "UpdateFeatures",
            lambda _: UpdateFeaturesRequest(
                validate_only=True,
                feature_updates=[
                    FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=kind)
                    for name, level, kind in rows
                ],
            ),
            versions,
        )

    for name, newest in (("transaction.version", 2), ("group.version", 1), ("metadata.version", 29)):
        ask(f"{name} as it is", (name, newest, 1))
        ask(f"{name} above the newest", (name, newest + 1, 1))
        ask(f"{name} lower, as an upgrade", (name, newest - 1, 1))
        ask(f"{name} lower, safely", (name, newest - 1, 2))
        ask(f"{name} lower, unsafely", (name, newest - 1, 3))
        ask(f"{name} below 0", (name, -1, 2))
    for level in (6, 7, 22, 23, 25):
        ask(f"metadata.version {level}", ("metadata.version", level, 2))
    ask("an unknown type", ("transaction.version", 2, 0), ("transaction.version", 2, 9))
    ask("an unknown feature", ("nonsense", 1, 1))
    ask("an unknown feature at 0", ("nonsense", 0, 2))
    ask("no feature", ("", 1, 1))
    ask("two", ("transaction.version", 1, 2), ("group.version", 0, 2))
    ask("one of two is not possible", ("transaction.version", 1, 2), ("nonsense", 1, 1))
    ask("none")
    for level, kind in ((1, 2), (2, 1)):
        row = FeatureUpdateKey(feature="transaction.version", max_version_level=level, upgrade_type=kind)
        asker.ask(f"to {level}", "UpdateFeatures", UpdateFeaturesRequest(feature_updates=[row]))
        asker.settle()
    old = FeatureUpdateKey(feature="transaction.version", max_version_level=1, allow_downgrade=True)
    asker.ask("the old way down", "UpdateFeatures", UpdateFeaturesRequest(feature_updates=[old]), 0)
