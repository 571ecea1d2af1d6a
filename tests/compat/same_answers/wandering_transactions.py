"""Long walks through transactions: two names, one of them with two producers who fence each other, drawn from a seed.

Whoever ends a transaction, or takes a name over, waits until its markers are written; the rest is asked in any order
and in any version, right or wrong.
"""

from random import Random

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.questions import at, fetch, offsets, produce
from tests.compat.same_answers.stories import story
from tests.compat.same_answers.transacting import Producer, describe, producers, ready

from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
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

PARTITIONS = 2


class Walk:
    """One walk; every step is one question."""

    def __init__(self, asker: Asker, seed: int) -> None:
        self.asker, self.random = asker, Random(seed)
        self.topic = self.group = f"wander-{seed}"
        names = [f"wander-{seed}-{name}" for name in ("one", "one", "other")]
        self.producers = [Producer(asker, name).begin() for name in names]
        self.sequences: dict[tuple[int, int, int], int] = {}

    def step(self) -> None:
        steps = (
            *(self.write,) * 5, *(self.add,) * 3, self.verify, self.add_group, *(self.commit,) * 2, *(self.end,) * 3,
            self.take_over, self.go_on, *(self.read,) * 3, self.find, self.offsets, self.forget, self.views,
        )  # fmt: skip
        self.random.choice(steps)(self.random.choice(self.producers))

    def mostly(self, value: int) -> int:
        """Mostly this; else one beside it."""
        return value if self.random.random() < 0.95 else max(value + self.random.choice((-1, 1)), 0)

    def partition(self) -> int:
        return self.random.randrange(PARTITIONS)

    def ask(self, what: str, producer: Producer, api: str, request: object, version: int) -> object:
        who = f"{self.producers.index(producer)} {what}"
        return self.asker.ask(who, api, request, version)  # type: ignore[arg-type]

    # What producers do.

    def write(self, producer: Producer) -> None:
        index, epoch = self.partition(), self.mostly(producer.epoch)
        key = producer.id, producer.epoch, index
        sequence = self.mostly(self.sequences.get(key, 0))
        batch = producer.batch("a", "b", sequence=sequence, epoch=epoch)
        request = produce(self.asker, (self.topic, index, batch), acks=-1, transactional_id=producer.name)
        reply = self.ask(
            f"writes {sequence} of epoch {epoch} to {index}",
            producer,
            "Produce",
            request,
            self.random.randrange(3, 14),
        )
        answer = reply.responses[0].partition_responses[0]  # type: ignore[attr-defined]
        if not answer.error_code and (epoch, sequence) == (producer.epoch, self.sequences.get(key, 0)):
            self.sequences[key] = sequence + 2

    def add(self, producer: Producer) -> None:
        index, epoch = self.partition(), self.mostly(producer.epoch)
        request = producer.add({self.topic: [index]}, v3_and_below_producer_epoch=epoch)
        self.ask(
            f"adds {index} at {epoch}", producer, "AddPartitionsToTxn", request, self.random.randrange(4)
        )

    def verify(self, producer: Producer) -> None:
        asked = producer.transaction({self.topic: [0, 1]}, verify_only=True)
        request = AddPartitionsToTxnRequest(transactions=[asked])
        self.ask("is verified", producer, "AddPartitionsToTxn", request, self.random.choice((4, 5)))

    def add_group(self, producer: Producer) -> None:
        request = AddOffsetsToTxnRequest(
            transactional_id=producer.name,
            producer_id=producer.id,
            producer_epoch=self.mostly(producer.epoch),
            group_id=self.group,
        )
        self.ask("adds the group", producer, "AddOffsetsToTxn", request, self.random.randrange(4))

    def commit(self, producer: Producer) -> None:
        row = TxnOffsetCommitRequestPartition(
            partition_index=self.partition(),
            committed_offset=self.random.randrange(100),
            committed_metadata="",
        )
        request = TxnOffsetCommitRequest(
            transactional_id=producer.name,
            group_id=self.group,
            producer_id=producer.id,
            producer_epoch=self.mostly(producer.epoch),
            topics=[TxnOffsetCommitRequestTopic(name=self.topic, partitions=[row])],
        )
        self.ask("commits offsets", producer, "TxnOffsetCommit", request, self.random.randrange(6))

    def end(self, producer: Producer) -> None:
        committed, version = self.random.random() < 0.5, self.random.randrange(6)
        epoch = self.mostly(producer.epoch)
        request = producer.end(committed=committed, producer_epoch=epoch)
        what = "commits" if committed else "aborts"
        reply = self.ask(f"{what} at {epoch}", producer, "EndTxn", request, version)
        if version >= 5 and not reply.error_code:  # type: ignore[attr-defined]
            producer.id, producer.epoch = reply.producer_id, reply.producer_epoch  # type: ignore[attr-defined]
        producer.settle()

    def take_over(self, producer: Producer) -> None:
        producer.begin()
        producer.settle()
        describe(self.asker, producer.name)

    def go_on(self, producer: Producer) -> None:
        """KIP-360. Not while somebody's transaction is open: there Ottla differs, see the handler."""
        if producer.state() == "Ongoing":
            return
        reply = self.ask(
            "goes on", producer, "InitProducerId", producer.init(goes_on=True), self.random.randrange(3, 6)
        )
        if not reply.error_code:  # type: ignore[attr-defined]
            producer.id, producer.epoch = reply.producer_id, reply.producer_epoch  # type: ignore[attr-defined]
        producer.settle()

    # What others see.

    def read(self, _: Producer) -> None:
        index, level = self.partition(), self.random.randrange(2)
        request = fetch(self.asker, at(self.topic, 0, index), isolation_level=level)
        self.asker.ask(f"read {index} at level {level}", "Fetch", request, self.random.randrange(4, 19))

    def find(self, _: Producer) -> None:
        index, level = self.partition(), self.random.randrange(2)
        request = offsets((self.topic, index, -1), isolation_level=level)
        self.asker.ask(
            f"end of {index} at level {level}", "ListOffsets", request, self.random.randrange(2, 12)
        )

    def offsets(self, _: Producer) -> None:
        stable = self.random.random() < 0.5
        topics = [OffsetFetchRequestTopics(name=self.topic, partition_indexes=[0, 1])]
        groups = [OffsetFetchRequestGroup(group_id=self.group, topics=topics)]
        request = OffsetFetchRequest(groups=groups, require_stable=stable)
        self.asker.ask(f"offsets, stable {stable}", "OffsetFetch", request, self.random.choice((8, 9)))

    def forget(self, _: Producer) -> None:
        rows = [OffsetDeleteRequestPartition(partition_index=self.partition())]
        topics = [OffsetDeleteRequestTopic(name=self.topic, partitions=rows)]
        request = OffsetDeleteRequest(group_id=self.group, topics=topics)
        self.asker.ask("forget an offset", "OffsetDelete", request, 0)

    def views(self, producer: Producer) -> None:
        describe(self.asker, producer.name)
        producers(self.asker, "who writes", self.topic, 0, 1)


def walk(asker: Asker, seed: int, steps: int) -> None:
    ready(asker)
    asker.create(f"wander-{seed}", partitions=PARTITIONS)
    walked = Walk(asker, seed)
    for _ in range(steps):
        walked.step()


@story
def a_walk_through_transactions(asker: Asker) -> None:
    walk(asker, 404, 120)
