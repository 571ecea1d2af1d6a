"""Random interleavings of what happens to transactions, and what must hold whatever happens.

Producers begin, write, end, hang and repeat themselves; the coordinator dies before and after everything it does, with
or without what it wrote last; markers come late; disks refuse. Then: no transaction is both committed and aborted; what
was acknowledged stays true; only its own producer commits a transaction, and no old producer ends a newer one's; epochs
never go back, and nobody has another's; the live state is what the log says; and once things calm down, nothing hangs.
"""

from collections.abc import Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.support.transaction_clients import Partition, Place, Producer, Written
from tests.support.transaction_shell import CrashError, TransactionShell

from ottla.transactions.config import TransactionConfig
from ottla.transactions.coordinator import TransactionCoordinator
from ottla.transactions.decision import EndOfTransaction, TransactionDecision
from ottla.transactions.records import TransactionLogKey, TransactionLogValue, TransactionRecord
from ottla.transactions.states import BY_NUMBER, ENTERED_FROM, MAY_EXPIRE, State
from ottla.transactions.transaction import LAST_EPOCH, partitions_of

PLACES: list[Place] = [("a", 0), ("a", 1), ("b", 0)]
TRANSACTIONAL_IDS = ["t", "u"]
CONFIG = TransactionConfig(
    transactional_id_expiration_ms=20_000, transaction_remove_expired_transaction_cleanup_interval_ms=5_000
)


class ModelShell(TransactionShell):
    """Markers go to partitions that may refuse them, and a crash may come between a marker and its report."""

    partitions: dict[Place, Partition]
    dies_after_marker = False

    def mark(self, marker: EndOfTransaction) -> None:
        (place,) = marker.partitions
        assert self.partitions[place].mark(marker), "a marker that nobody takes leaves its transaction open"
        if self.dies_after_marker:
            raise CrashError
        super().mark(marker)


class Interleaving(RuleBasedStateMachine):
    """Two transactional ids with up to five producers, three partitions, any order of events."""

    def __init__(self) -> None:
        super().__init__()
        self.partitions = {place: Partition() for place in PLACES}
        self.shell = ModelShell(CONFIG)
        self.shell.partitions = self.partitions
        self.shell.commits = self.shell.writes_markers = False
        self.producers: list[Producer] = []
        self.stale: list[EndOfTransaction] = []
        """Markers that a dead coordinator has sent, and that have not arrived."""

    @initialize(
        versions=st.lists(st.booleans(), min_size=3, max_size=5),
        level=st.sampled_from([1, 2]),
        epoch=st.sampled_from([None, LAST_EPOCH - 3]),
    )
    def begin(self, versions: list[bool], level: int, epoch: int | None) -> None:
        """Producers of both transaction versions; one id may be near the end of its epochs."""
        self.set_level(level)
        for number, bumps in enumerate(versions):
            producer = Producer(self.shell, f"p{number}", TRANSACTIONAL_IDS[number % 3 % 2], bumps=bumps)
            producer.partitions = self.partitions
            self.producers.append(producer)
        if epoch is not None:
            value = TransactionLogValue(
                producer_id=self.shell.new_producer_id(),
                producer_epoch=epoch,
                transaction_timeout_ms=1,
                transaction_partitions=None,
                transaction_last_update_timestamp_ms=self.shell.now_ms,
                transaction_start_timestamp_ms=-1,
            )
            key = TransactionLogKey(transactional_id=TRANSACTIONAL_IDS[0])
            self.shell.run(TransactionDecision(records=[TransactionRecord(key, value)]))

    def set_level(self, level: int) -> None:
        self.shell.transaction_version = level
        self.shell.coordinator.set_transaction_version(level)

    # Producers

    def act(self, data: st.DataObject) -> None:
        """One producer does what it may do now, a few times; if the disk is quick, it hears what comes of it."""
        producer = data.draw(st.sampled_from(self.producers))
        is_quick, takes_markers = data.draw(st.sampled_from([(True, True), (True, False), (False, False)]))
        with self.dying(data):
            for _ in range(data.draw(st.integers(1, 8))):
                producer.hear()
                if producer.waiting is None:
                    self.choose(producer, data)
                if is_quick:
                    self.shell.commit()
                    producer.hear()
                if takes_markers:
                    self.shell.write_markers(lambda _: True)
                    self.shell.commit()
        self.shell.fails = False

    # Most of what happens is what should.
    acts = rule(data=st.data())(act)
    acts_too = rule(data=st.data())(act)
    acts_as_well = rule(data=st.data())(act)

    def choose(self, producer: Producer, data: st.DataObject) -> None:
        if producer.producer_id < 0:
            producer.init(goes_on=False)
            return
        choice = data.draw(st.sampled_from(["add", "add", "verify", "commit", "abort", "go on"]))
        place = data.draw(st.sampled_from(PLACES))
        if choice == "go on":
            producer.init(goes_on=True)
        elif choice == "add" or (choice == "verify" and place not in producer.added):
            producer.add(place, verify=False)
        elif choice == "verify":
            producer.add(place, verify=True)
        elif producer.added or (choice == "abort" and producer.bumps):
            producer.end(committed=choice == "commit")

    def begins_anew(self, data: st.DataObject) -> None:
        """Another process, or the same after a crash of its own."""
        producer = data.draw(st.sampled_from(self.producers))
        with self.dying(data):
            producer.init(goes_on=False)

    @rule(data=st.data())
    def speaks_from_the_past(self, data: st.DataObject) -> None:
        """A request of a producer whose time is over. Whatever it says, it must not end what is ongoing."""
        producer = data.draw(st.sampled_from(self.producers))
        if not producer.given:
            return
        producer_id, epoch = data.draw(st.sampled_from(producer.given))
        stored = self.shell.coordinator.transactions.get(producer.transactional_id)
        if stored is None or (producer_id, epoch) == (
            stored.stored.producer_id,
            stored.stored.producer_epoch,
        ):
            return
        ghost = Producer(self.shell, "ghost", producer.transactional_id, bumps=data.draw(st.booleans()))
        ghost.partitions = self.partitions
        ghost.producer_id, ghost.epoch = producer_id, epoch
        with self.dying(data):
            before = self.shell.coordinator.transactions[producer.transactional_id]
            if data.draw(st.booleans()):
                ghost.end(committed=data.draw(st.booleans()))
            else:
                ghost.init(goes_on=True)
            after = self.shell.coordinator.transactions.get(producer.transactional_id)
            assert before.state is not State.ONGOING or after is before

    # The coordinator and its disk

    @rule(data=st.data())
    def markers(self, data: st.DataObject) -> None:
        """Some partitions take their markers."""
        places = data.draw(st.sets(st.sampled_from(PLACES), min_size=1))
        with self.dying(data):
            self.shell.commit()
            self.shell.write_markers(lambda place: place in places)

    @rule(ms=st.sampled_from([1, 100, 700, 1_500, 30_000]), data=st.data())
    def time_passes(self, ms: int, data: st.DataObject) -> None:
        with self.dying(data):
            self.shell.advance(ms)

    @rule(data=st.data())
    def trouble(self, data: st.DataObject) -> None:
        troubles = [
            self.begins_anew, self.crashes, self.is_doomed, self.disk_fails,
            self.stale_markers_arrive, self.cluster_is_upgraded,
        ]  # fmt: skip
        data.draw(st.sampled_from(troubles))(data)

    def crashes(self, data: st.DataObject) -> None:
        self.crash(data.draw(st.integers(0, 3)))

    def crash(self, lost: int) -> None:
        self.stale += self.shell.ends
        self.shell.dies_before_apply = self.shell.dies_after_marker = False
        self.shell.restart(lost)

    def is_doomed(self, data: st.DataObject) -> None:
        """The next record, or the next marker, is the last."""
        self.shell.dies_before_apply = data.draw(st.booleans())
        self.shell.dies_after_marker = not self.shell.dies_before_apply

    def disk_fails(self, _: st.DataObject) -> None:
        """Until a producer has found out."""
        self.shell.fails = True

    def stale_markers_arrive(self, _: st.DataObject) -> None:
        """Taken or refused, they must not harm."""
        for end in self.stale:
            for place in end.partitions:
                self.partitions[place].mark(end._replace(partitions=frozenset({place})))
        self.stale = []

    def cluster_is_upgraded(self, _: st.DataObject) -> None:
        self.set_level(2)

    def dying(self, data: st.DataObject) -> Any:
        return _Dying(self, data)

    # What must hold

    @invariant()
    def nothing_is_both_committed_and_aborted(self) -> None:
        fates: dict[str, set[bool]] = {}
        for written, committed in self.fates():
            if committed is not None:
                fates.setdefault(written.tag, set()).add(committed)
        wanted = {tag: wish for producer in self.producers for tag, wish in producer.wanted.items()}
        acknowledged = {tag: end for producer in self.producers for tag, end in producer.acknowledged.items()}
        for tag, ends in fates.items():
            assert len(ends) == 1, f"{tag} is committed and aborted"
            assert ends != {True} or wanted.get(tag) is True, (
                f"{tag} is committed without its producer's wish"
            )
            assert tag not in acknowledged or ends == {acknowledged[tag]}, f"{tag} was acknowledged otherwise"

    def fates(self) -> Iterator[tuple[Written, bool | None]]:
        for partition in self.partitions.values():
            yield from partition.fates()

    @invariant()
    def what_is_at_rest_is_open_nowhere(self) -> None:
        for transaction in self.shell.coordinator.transactions.values():
            if transaction.state in MAY_EXPIRE:
                ended = {transaction.stored.producer_id, transaction.stored.previous_producer_id}
                assert not any(ended & partition.open for partition in self.partitions.values())

    @invariant()
    def nobody_has_the_epoch_of_another(self) -> None:
        given = [each for producer in self.producers for each in producer.given]
        assert len(given) == len(set(given))
        assert all(epoch <= LAST_EPOCH for _, epoch in given)

    @invariant()
    def replay_equals_live(self) -> None:
        replayed = TransactionCoordinator(CONFIG)
        for record in self.shell.written():
            replayed.apply(record)
        live = self.shell.coordinator.transactions
        assert {each: transaction.stored for each, transaction in live.items()} == {
            each: transaction.stored for each, transaction in replayed.transactions.items()
        }
        for transaction in live.values():
            assert transaction.partitions <= partitions_of(transaction.stored)

    @invariant()
    def the_log_follows_the_table(self) -> None:
        """States as the table allows them; epochs rise, and end with another producer id."""
        values: dict[str, TransactionLogValue | None] = {}
        epochs: dict[int, int] = {}
        for key, value in self.shell.written():
            before = values.get(key.transactional_id)
            values[key.transactional_id] = value
            after = State.DEAD if value is None else BY_NUMBER[value.transaction_status]
            if before is not None:
                assert BY_NUMBER[before.transaction_status] in ENTERED_FROM[after]
            if value is not None:
                assert value.producer_epoch >= epochs.get(value.producer_id, 0)
                epochs[value.producer_id] = value.producer_epoch
                if before is not None and value.producer_id != before.producer_id:
                    assert value.producer_epoch == 0
                    assert before.producer_epoch >= LAST_EPOCH

    def teardown(self) -> None:
        """Things calm down, and nothing hangs."""
        shell = self.shell
        shell.fails = shell.dies_before_apply = shell.dies_after_marker = False
        shell.commits = shell.writes_markers = True
        for _ in range(3):
            shell.commit()
            shell.advance(2_000)
        for transaction in shell.coordinator.transactions.values():
            assert transaction.state not in {State.ONGOING, State.PREPARE_COMMIT, State.PREPARE_ABORT}
        assert not any(partition.open for partition in self.partitions.values())
        self.nothing_is_both_committed_and_aborted()
        self.the_log_follows_the_table()


class _Dying:
    """A stretch in which the coordinator may die, as doomed; then it restarts, with or without what was not safe."""

    def __init__(self, machine: Interleaving, data: st.DataObject) -> None:
        self.machine, self.data = machine, data

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is not CrashError:
            return False
        self.machine.crash(self.data.draw(st.integers(0, 2)))
        return True


class TestInterleavings(Interleaving.TestCase):  # type: ignore[valid-type, misc]
    settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
