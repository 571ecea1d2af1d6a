"""Questions about transactions, put to any coordinator. In the answers each client's producer ids count from 0."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ottla.core.errors import ErrorCode
from ottla.transactions.config import TransactionConfig
from ottla.transactions.decision import TransactionDecision
from ottla.transactions.records import TransactionLogKey, TransactionLogValue, TransactionRecord
from ottla.wire.messages import add_partitions_to_txn as add
from ottla.wire.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from ottla.wire.messages.describe_transactions import DescribeTransactionsRequest
from ottla.wire.messages.end_txn import EndTxnRequest
from ottla.wire.messages.init_producer_id import InitProducerIdRequest
from ottla.wire.messages.list_transactions import ListTransactionsRequest
from ottla.wire.schema import Message
from tests.support.transaction_shell import TransactionShell

TIMEOUT_MS = 60_000
OPEN, HELD = "a", "h"
"""A topic whose partitions take markers, and one whose do not until it is released."""


class Talker(Protocol):
    """Somebody to ask. The topics `a` and `h` have two partitions each."""

    def ask(self, request: Message, version: int) -> Any:
        """The response."""
        ...

    def hold(self, held: bool) -> None:
        """Whether the topic `h` takes no markers from now on."""
        ...

    def sleep(self, ms: int) -> None:
        """Let time pass."""
        ...

    def use_up(self, transactional_ids: list[str]) -> None:
        """Take these ids from their beginning to the last epoch that a producer gets but one."""
        ...


Answers = list[Any]


class Client:
    """One transactional id, and the names of the producer ids it has seen."""

    def __init__(self, talker: Talker, transactional_id: str) -> None:
        self.talker = talker
        self.transactional_id = transactional_id
        self.producer_ids: dict[int, int] = {-1: -1}
        self.producer_id = -1
        self.epoch = -1

    def name(self, producer_id: int) -> int:
        return self.producer_ids.setdefault(producer_id, len(self.producer_ids) - 1)

    def init(
        self, version: int = 5, producer_id: int = -1, epoch: int = -1, timeout_ms: int = TIMEOUT_MS
    ) -> tuple[int, int, int]:
        """Code, producer id, epoch. Waits until a transaction that ends has ended, and takes what it is given."""
        request = InitProducerIdRequest(
            transactional_id=self.transactional_id,
            transaction_timeout_ms=timeout_ms,
            producer_id=producer_id,
            producer_epoch=epoch,
        )
        response = self.talker.ask(request, version)
        if response.error_code == 0:
            self.producer_id, self.epoch = response.producer_id, response.producer_epoch
        return response.error_code, self.name(response.producer_id), response.producer_epoch

    def begin(self, version: int = 5) -> None:
        """A producer, whatever was there before."""
        while self.init(version)[0] == ErrorCode.CONCURRENT_TRANSACTIONS:
            self.talker.sleep(50)

    def topics(self, name: str, indexes: tuple[int, ...]) -> list[add.AddPartitionsToTxnTopic]:
        return [add.AddPartitionsToTxnTopic(name=name, partitions=list(indexes))]

    def add(
        self,
        version: int = 3,
        topic: str = OPEN,
        indexes: tuple[int, ...] = (0,),
        producer_id: int | None = None,
        epoch: int | None = None,
        *,
        verify: bool = False,
    ) -> list[int]:
        """AddPartitionsToTxn: the codes of the partitions."""
        producer_id = self.producer_id if producer_id is None else producer_id
        epoch = self.epoch if epoch is None else epoch
        topics = self.topics(topic, indexes)
        if version >= 4:
            one = add.AddPartitionsToTxnTransaction(
                transactional_id=self.transactional_id,
                producer_id=producer_id,
                producer_epoch=epoch,
                verify_only=verify,
                topics=topics,
            )
            response = self.talker.ask(add.AddPartitionsToTxnRequest(transactions=[one]), version)
            results = response.results_by_transaction[0].topic_results
        else:
            request = add.AddPartitionsToTxnRequest(
                v3_and_below_transactional_id=self.transactional_id,
                v3_and_below_producer_id=producer_id,
                v3_and_below_producer_epoch=epoch,
                v3_and_below_topics=topics,
            )
            results = self.talker.ask(request, version).results_by_topic_v3_and_below
        codes = {
            each.partition_index: each.partition_error_code
            for result in results
            for each in result.results_by_partition
        }
        return [codes[index] for index in indexes]

    def add_offsets(self, version: int = 3, producer_id: int | None = None, epoch: int | None = None) -> int:
        request = AddOffsetsToTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id if producer_id is None else producer_id,
            producer_epoch=self.epoch if epoch is None else epoch,
            group_id="g",
        )
        return int(self.talker.ask(request, version).error_code)

    def end(
        self, version: int, *, commit: bool = True, producer_id: int | None = None, epoch: int | None = None
    ) -> tuple[int, int, int]:
        """EndTxn: code, producer id, epoch. What it is given is not taken, so that the next request is the same."""
        request = EndTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id if producer_id is None else producer_id,
            producer_epoch=self.epoch if epoch is None else epoch,
            committed=commit,
        )
        response = self.talker.ask(request, version)
        return response.error_code, self.name(response.producer_id), response.producer_epoch

    def ended(self, version: int, *, commit: bool = True) -> tuple[int, int, int]:
        """EndTxn, and the wait until it is done."""
        answer = self.end(version, commit=commit)
        self.done()
        return answer

    def done(self) -> None:
        while self.described()[1].startswith("Prepare"):
            self.talker.sleep(20)

    def described(self) -> tuple[Any, ...]:
        """DescribeTransactions: all but the times."""
        request = DescribeTransactionsRequest(transactional_ids=[self.transactional_id])
        (state,) = self.talker.ask(request, 0).transaction_states
        topics = [
            (topic.topic, sorted(topic.partitions)) for topic in sorted(state.topics, key=lambda t: t.topic)
        ]
        return (
            state.error_code, state.transaction_state, state.transaction_timeout_ms, self.name(state.producer_id),
            state.producer_epoch, state.transaction_start_time_ms > 0, topics,
        )  # fmt: skip


def initialising(talker: Talker) -> Answers:
    answers: Answers = []
    for version in range(6):
        client = Client(talker, f"init-{version}")
        answers += [client.init(version), client.init(version)]
    return [
        *answers,
        client.described(),
        Client(talker, "nobody").described(),
        Client(talker, "").described(),
    ]


def bad_beginnings(talker: Talker) -> Answers:
    client = Client(talker, "bad-init")
    empty = Client(talker, "")
    return [
        [client.init(version, timeout_ms=ms) for ms in (0, -1, 900_001, 2**31 - 1)]
        + ([client.init(version, 5), client.init(version, -1, 3)] if version >= 3 else [])
        + [empty.init(version), empty.init(version, timeout_ms=0)]
        for version in (0, 3, 4, 5)
    ] + [client.init(5, timeout_ms=900_000), client.init(5, timeout_ms=1), client.described()]


def going_on(talker: Talker) -> Answers:
    """KIP-360: with the producer id and epoch it has."""
    answers: Answers = []
    for version in (3, 4, 5):
        client = Client(talker, f"go-{version}")
        answers.append(client.init(version, 12_345, 6))  # unknown: a new one
        producer_id = client.producer_id
        answers.append(client.init(version, producer_id, 0))
        answers.append(client.init(version, producer_id, 0))  # again
        answers.append(client.init(version, producer_id, 1))
        answers.append(client.init(version, producer_id, 0))  # too old
        answers.append(client.init(version, producer_id, 3))  # from the future
        answers.append(client.init(version, producer_id + 1_000, 2))
        answers.append(client.init(version, producer_id + 1_000, 32_766))
        answers.append(client.init(version))
        answers.append(client.init(version, producer_id, 2))  # another producer has begun since
        answers.append(client.init(version, producer_id, 3))
    return answers


def going_on_after_an_end(talker: Talker) -> Answers:
    answers: Answers = []
    for version, commit in itertools.product((4, 5), (True, False)):
        for back in (0, 1, 2):
            client = Client(talker, f"goe-{version}-{commit}-{back}")
            client.begin()
            client.init(5, client.producer_id, client.epoch)
            client.add()
            client.ended(version, commit=commit)
            answers.append(client.init(5, client.producer_id, 2 - back))
            answers.append(client.init(5, client.producer_id, 2 - back))
    return answers


def beginning_during_a_transaction(talker: Talker) -> Answers:
    answers: Answers = []
    for version in (1, 4):
        for given in (None, 0, 1, -2):
            client = Client(talker, f"bdt-{version}-{given}")
            client.begin()
            client.init(5)
            producer_id = client.producer_id
            client.add(3 if version == 1 else 5)
            arguments = () if given is None else (producer_id, given)
            answers.append(client.init(version if given is None else 4, *arguments))
            client.done()
            answers.append(client.described())
            answers.append(client.init(version if given is None else 4, *arguments))
            answers.append(client.described())
    return answers


def adding(talker: Talker) -> Answers:
    answers: Answers = []
    for version in range(6):
        client = Client(talker, f"add-{version}")
        answers.append(client.add(version, producer_id=1, epoch=0))  # unknown transactional id
        client.begin()
        answers.append(client.add(version, producer_id=client.producer_id + 1))
        answers.append(client.add(version, epoch=1))
        answers.append(client.add(version, epoch=-1))
        answers.append(client.add(version, indexes=(0, 1)))
        answers.append(client.add(version))
        answers.append(client.described())
        answers.append(Client(talker, "").add(version, producer_id=client.producer_id, epoch=0))
    return answers


def verifying(talker: Talker) -> Answers:
    answers: Answers = []
    for version in (4, 5):
        client = Client(talker, f"verify-{version}")
        answers.append(client.add(version, producer_id=1, epoch=0, verify=True))
        client.begin()
        answers.append(client.add(version, verify=True))
        client.add(3)
        answers.append(client.add(version, indexes=(0, 1), verify=True))
        answers.append(client.add(version, epoch=1, verify=True))
        answers.append(client.add(version, producer_id=client.producer_id + 1, verify=True))
        answers.append(client.described())
        client.ended(4)
        answers.append(client.add(version, verify=True))
        answers.append(Client(talker, "").add(version, producer_id=1, epoch=0, verify=True))
    return answers


def adding_offsets(talker: Talker) -> Answers:
    answers: Answers = []
    for version in range(5):
        client = Client(talker, f"offsets-{version}")
        answers.append(client.add_offsets(version, 1, 0))
        client.begin()
        answers.append(client.add_offsets(version, client.producer_id + 1))
        answers.append(client.add_offsets(version, epoch=1))
        answers.append(client.add_offsets(version))
        answers.append(client.add_offsets(version))
        answers.append(client.described()[:-1])
        answers.append(Client(talker, "").add_offsets(version, 1, 0))
    return answers


def ending(talker: Talker) -> Answers:
    """Every state, ended by each of both versions, each epoch around the present one."""
    answers: Answers = []
    for version, commit in itertools.product((0, 1, 2, 4, 5), (True, False)):
        for state in ("Empty", "Ongoing", "1commit", "1abort", "2commit", "2abort", "EmptyAbort"):
            for epoch in (-1, 0, 1, 2, 3):
                client = Client(talker, f"end-{version}-{commit}-{state}-{epoch}")
                client.begin()
                client.init(5)
                if state not in {"Empty", "EmptyAbort"}:
                    client.add(3 if state.startswith("1") or version < 5 else 5)
                if state == "EmptyAbort":
                    client.ended(5, commit=False)
                elif state[0] in "12":
                    client.ended(4 if state[0] == "1" else 5, commit=state[1:] == "commit")
                answers.append(client.end(version, commit=commit, epoch=epoch))
                client.done()
                answers[-1] = (*answers[-1], *client.described()[1:5])
    return answers


def bad_ends(talker: Talker) -> Answers:
    answers: Answers = []
    for version in range(6):
        client = Client(talker, f"bad-end-{version}")
        answers.append(client.end(version, producer_id=1, epoch=0))
        client.begin()
        client.add()
        answers.append(client.end(version, producer_id=client.producer_id + 1))
        answers.append(Client(talker, "").end(version, producer_id=1, epoch=0))
    return answers


def while_it_ends(talker: Talker) -> Answers:
    """Nobody gets through before the markers are written."""
    answers: Answers = []
    for ends, commit in itertools.product((4, 5), (True, False)):
        talker.hold(True)
        client = Client(talker, f"while-{ends}-{commit}")
        client.begin()
        client.init(5)
        client.add(3, HELD)
        client.add(3, OPEN)
        answers.append(client.end(ends, commit=commit))
        while len(client.described()[-1]) > 1:
            talker.sleep(20)
        answers.append(client.described())
        for epoch in (0, 1, 2, 3):
            for version, again in itertools.product((1, 4, 5), (True, False)):
                answers.append(client.end(version, commit=again, epoch=epoch))
            answers.append([client.add(version, epoch=epoch) for version in (1, 3, 5)])
            answers.append([client.add(version, HELD, epoch=epoch, verify=True) for version in (4, 5)])
            answers.append(client.add_offsets(3, epoch=epoch))
            answers.append(client.init(5, client.producer_id, epoch))
        other = client.producer_id + 1
        answers.append([client.end(version, producer_id=other) for version in (4, 5)])
        answers.append([client.add(version, producer_id=other) for version in (3, 5)])
        answers.append(client.add(5, producer_id=other, verify=True))
        answers.append(client.init(5, other, 1))
        answers.append(client.init(5))
        talker.hold(False)
        client.done()
        answers.append(client.described())
        answers.append(client.end(ends, commit=commit))
    return answers


def staying_in(talker: Talker) -> Answers:
    """Transactions one after the other, with the producer ids and epochs of the replies."""
    answers: Answers = []
    client = Client(talker, "stay")
    client.begin()
    for version, commit in itertools.product((5, 4, 5), (True, False)):
        client.add(5 if version == 5 else 3)
        client.add_offsets(3)
        answers.append(client.ended(version, commit=commit))
        if version == 5:
            client.epoch += 1
        answers.append(client.described())
    return answers


def being_late(talker: Talker) -> Answers:
    answers: Answers = []
    for version in (3, 5):
        client = Client(talker, f"late-{version}")
        client.init(timeout_ms=500)
        client.add(version)
        while client.described()[1] == "Ongoing":
            talker.sleep(200)
        client.done()
        answers.append(client.described())
        answers.append([client.add(each) for each in (1, 3, 5)])
        answers.append(client.add_offsets(1))
        answers.append(client.end(4))
        answers.append(client.end(5))
        answers.append(client.end(5, commit=False))
        answers.append(client.init(5, client.producer_id, 0, timeout_ms=500))
        answers.append(client.init(5, client.producer_id, 0, timeout_ms=500))
    return answers


def listing(talker: Talker) -> Answers:
    talker.hold(True)
    for name in ("empty", "ongoing", "ending", "done"):
        client = Client(talker, f"list-{name}")
        client.begin()
        if name == "ongoing":
            client.add()
        elif name == "ending":
            client.add(3, HELD)
            client.end(4)
        elif name == "done":
            client.add()
            client.ended(5, commit=False)
    answers: Answers = []
    for changes in (
        {},
        {"state_filters": ["Empty", "PrepareCommit"]},
        {"state_filters": ["Ongoing", "Nonsense", "empty", "Nonsense"]},
        {"state_filters": ["Dead"]},
        {"state_filters": ["Nonsense"]},
        {"producer_id_filters": [client.producer_id, 123_456_789]},
        {"producer_id_filters": [client.producer_id], "state_filters": ["Empty"]},
        {"duration_filter": 0},
        {"duration_filter": 1_000_000},
    ):
        talker.sleep(5)
        response = talker.ask(ListTransactionsRequest(**changes), 2)
        lines = [
            (state.transactional_id, state.transaction_state)
            for state in response.transaction_states
            if state.transactional_id.startswith("list-")
        ]
        answers.append((response.error_code, sorted(set(response.unknown_state_filters)), sorted(lines)))
    talker.hold(False)
    return answers


def using_up_the_epochs(talker: Talker) -> Answers:
    """What is at the end of 32,767 epochs: another producer id, whoever gets there."""
    clients = [Client(talker, f"up-{index}") for index in range(6)]
    talker.use_up([client.transactional_id for client in clients])
    for client in clients:
        client.begin()
    again, going_on, commits, aborts, keeps, is_fenced = clients
    answers: Answers = [client.described() for client in clients]

    old = again.producer_id
    answers += [again.init(5), again.init(5, old, 32_766), again.init(5, again.producer_id, 0)]

    old = going_on.producer_id
    answers.append(going_on.init(5, old, 32_766))
    answers += [going_on.init(5, old, epoch) for epoch in (32_766, 32_765, 32_767)]

    for client, commit in ((commits, True), (aborts, False)):
        if commit:
            client.add(5)
        answers += [client.ended(5, commit=commit), client.described()]
        answers += [
            client.end(5, commit=commit),
            client.end(5, commit=not commit),
            client.end(4, commit=commit),
        ]
        answers += [client.add(5), client.add(5, verify=True), client.add_offsets()]
    answers += [commits.init(5, commits.producer_id, 32_766), commits.add(5), commits.described()]
    commits.ended(5)
    answers += [commits.described(), aborts.init(5), aborts.described()]

    keeps.add(3)
    answers += [keeps.ended(4), keeps.add(3), keeps.ended(4, commit=False), keeps.described(), keeps.init(3)]

    is_fenced.add(5)
    answers.append(is_fenced.init(5))
    is_fenced.done()
    answers += [is_fenced.described(), is_fenced.end(5), is_fenced.end(4, commit=False), is_fenced.add(5)]
    answers += [is_fenced.init(5, is_fenced.producer_id, 32_765), is_fenced.end(5, commit=False)]
    answers += [
        is_fenced.add(5, epoch=32_767),
        is_fenced.described(),
        is_fenced.init(5),
        is_fenced.described(),
    ]
    return answers


QUESTIONS: tuple[Callable[[Talker], Answers], ...] = (
    initialising, bad_beginnings, going_on, going_on_after_an_end, beginning_during_a_transaction, adding, verifying,
    adding_offsets, ending, bad_ends, while_it_ends, staying_in, being_late, listing,
)  # fmt: skip
LONG_QUESTIONS: tuple[Callable[[Talker], Answers], ...] = (using_up_the_epochs,)
"""Those that take a Kafka a minute."""

_OLD = "a producer with an old epoch is refused; Kafka aborts the transaction of the newer one for it"
_SHARED = "the epoch before is another producer's after an end of version 1; Kafka gives it that one's epoch"
_FENCE = "nobody is given the epoch 32,767; Kafka gives it, and can then never end the transaction"
_NONE_LEFT = "an old epoch is PRODUCER_FENCED; Kafka, with no epoch left, has an unknown error"
DIFFERENCES = {
    **{
        ("beginning_during_a_transaction", place + step): _OLD
        for place in (4, 12, 20, 28)
        for step in (0, 1, 3)
    },
    **{("ending", place): _SHARED for place in (291, 296, 326, 331)},
    ("using_up_the_epochs", 45): _NONE_LEFT,
    **{("using_up_the_epochs", place): _FENCE for place in range(46, 51)},
}
"""Question and place in its answers → why ours is another."""

ANSWERS = Path(__file__).parents[1] / "unit" / "transactions" / "kafka_answers.txt"
"""What Apache Kafka 4.2 answered."""


class OurTalker:
    """The pure coordinator."""

    def __init__(self) -> None:
        self.shell = TransactionShell(TransactionConfig())

    def ask(self, request: Message, version: int) -> Any:
        return self.shell.ask(request, version)

    def hold(self, held: bool) -> None:
        self.shell.held = {HELD} if held else set()
        self.shell.commit()

    def sleep(self, ms: int) -> None:
        self.shell.advance(ms)

    def use_up(self, transactional_ids: list[str]) -> None:
        """Written into the log, as 32,766 producers would have left it."""
        for transactional_id in transactional_ids:
            producer_id = self.shell.new_producer_id()
            value = TransactionLogValue(
                producer_id=producer_id,
                previous_producer_id=producer_id,
                producer_epoch=32_765,
                transaction_timeout_ms=TIMEOUT_MS,
                transaction_partitions=None,
                transaction_start_timestamp_ms=-1,
            )
            record = TransactionRecord(TransactionLogKey(transactional_id=transactional_id), value)
            self.shell.run(TransactionDecision(records=[record]))
