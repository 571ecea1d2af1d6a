"""Timeouts, expiry, restarts, and a log that refuses."""

import pytest
from tests.support.transaction_questions import HELD, Client, OurTalker
from tests.support.transaction_shell import TransactionShell

from ottla.core.errors import ErrorCode, KafkaError
from ottla.transactions.config import EXPIRIES_PER_DECISION, NO_TIMEOUT_MS, TransactionConfig
from ottla.transactions.states import ENTERED_FROM, State
from ottla.wire.messages.init_producer_id import InitProducerIdRequest

DAY_MS = 24 * 3_600_000


@pytest.fixture
def talker() -> OurTalker:
    return OurTalker()


@pytest.fixture
def client(talker: OurTalker) -> Client:
    client = Client(talker, "t")
    client.begin()
    return client


def state(shell: TransactionShell) -> State:
    return shell.coordinator.transactions["t"].state


def test_a_late_transaction_is_aborted_after_a_restart_too(talker: OurTalker, client: Client) -> None:
    client.add(5)
    talker.shell.restart()
    talker.sleep(59_999)
    assert state(talker.shell) is State.ONGOING
    talker.sleep(1)
    assert state(talker.shell) is State.COMPLETE_ABORT
    (marker,) = talker.shell.markers
    assert (marker.committed, marker.producer_epoch, marker.transaction_version) == (False, 1, 2)


def test_a_timeout_without_an_end(talker: OurTalker) -> None:
    talker.shell = TransactionShell(TransactionConfig(transaction_max_timeout_ms=NO_TIMEOUT_MS))
    client = Client(talker, "t")
    client.init(timeout_ms=NO_TIMEOUT_MS)
    client.add(5)
    talker.sleep(1_000 * DAY_MS)
    assert state(talker.shell) is State.ONGOING


@pytest.mark.parametrize(("level", "version"), [(0, 0), (1, 0), (2, 2)])
def test_the_cluster_says_how_it_fences(talker: OurTalker, client: Client, level: int, version: int) -> None:
    talker.shell.coordinator.set_transaction_version(level)
    client.add(3)
    talker.sleep(60_000)
    (marker,) = talker.shell.markers
    assert (marker.producer_epoch, marker.transaction_version) == (1, version)


def test_markers_are_asked_for_again_with_the_new_coordinators_epoch(
    talker: OurTalker, client: Client
) -> None:
    talker.hold(True)
    client.add(3)
    client.add(3, HELD, (0, 1))
    client.end(5)
    assert [marker.partitions for marker in talker.shell.markers] == [{("a", 0)}]
    talker.shell.restart()
    assert [marker.coordinator_epoch for marker in talker.shell.markers] == [0, 1]
    talker.hold(False)
    assert state(talker.shell) is State.COMPLETE_COMMIT
    assert {marker.coordinator_epoch for marker in talker.shell.markers[2:]} == {1}


def test_the_next_producer_id_outlives_a_restart(talker: OurTalker) -> None:
    """The producer has been told it already."""
    talker.use_up(["t"])
    client = Client(talker, "t")
    client.begin()
    talker.hold(True)
    client.add(5, HELD)
    promised = client.end(5)
    talker.shell.restart()
    talker.hold(False)
    assert promised == (0, *client.described()[3:5]) == (0, 1, 0)
    assert client.end(5) == promised


def test_a_report_that_comes_too_late_changes_nothing(talker: OurTalker, client: Client) -> None:
    client.add(3, HELD)
    client.ended(5)
    client.epoch += 1
    client.add(3, HELD)
    talker.hold(True)
    client.end(5)
    (old,) = talker.shell.markers
    written = len(talker.shell.log)
    talker.shell.mark(old)
    assert state(talker.shell) is State.PREPARE_COMMIT
    assert len(talker.shell.log) == written
    assert not talker.shell.coordinator.markers_written("other", 1, 1, old.partitions, 0).records


def test_a_refused_request_changes_nothing_and_can_be_repeated(talker: OurTalker, client: Client) -> None:
    talker.shell.fails = True
    assert client.add(5) == [ErrorCode.NOT_COORDINATOR]
    assert client.init()[0] == ErrorCode.NOT_COORDINATOR
    assert state(talker.shell) is State.EMPTY
    talker.shell.fails = False
    assert client.add(5) == [0]
    talker.shell.fails = True
    assert client.end(5)[0] == ErrorCode.NOT_COORDINATOR
    talker.shell.fails = False
    assert client.end(5) == (0, 0, 1)


def test_what_nobody_asks_for_is_tried_until_it_is_written(talker: OurTalker, client: Client) -> None:
    talker.hold(True)
    client.add(5, HELD)
    talker.shell.fails = True
    talker.sleep(70_000)
    assert state(talker.shell) is State.ONGOING
    talker.shell.fails = False
    talker.sleep(0)
    assert state(talker.shell) is State.PREPARE_ABORT
    talker.shell.fails = True
    talker.hold(False)
    assert state(talker.shell) is State.PREPARE_ABORT
    assert client.described()[-1] == []
    talker.shell.fails = False
    talker.sleep(0)
    assert state(talker.shell) is State.COMPLETE_ABORT


def test_a_restart_that_cannot_write_forgets_no_markers(talker: OurTalker, client: Client) -> None:
    """One id only lacks its last record, the other its markers."""
    talker.hold(True)
    client.add(5, HELD)
    client.end(5)
    empty = Client(talker, "u")
    empty.begin()
    empty.end(5, commit=False)
    del talker.shell.log[-1]
    talker.shell.fails = True
    talker.shell.restart()
    talker.shell.fails = False
    talker.hold(False)
    talker.sleep(0)
    assert {each.state for each in talker.shell.coordinator.transactions.values()} == {
        State.COMPLETE_COMMIT,
        State.COMPLETE_ABORT,
    }


def test_no_producer_id_to_be_had(talker: OurTalker) -> None:
    def none() -> int:
        raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE)

    request = InitProducerIdRequest(transactional_id="t", transaction_timeout_ms=1)
    decision = talker.shell.coordinator.init_producer_id(request, none, 1, 0)
    ((_, reply),) = decision.replies
    assert isinstance(reply, KafkaError)
    assert reply.code is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert decision.records == []


def test_unused_ids_expire_in_batches_and_ongoing_ones_do_not(talker: OurTalker, client: Client) -> None:
    talker.shell = TransactionShell(TransactionConfig(transaction_max_timeout_ms=NO_TIMEOUT_MS))
    client.init(timeout_ms=NO_TIMEOUT_MS)
    client.add(5)
    for number in range(EXPIRIES_PER_DECISION + 1):
        Client(talker, f"e{number}").begin()
    written = len(talker.shell.log)
    talker.sleep(7 * DAY_MS - 1)
    assert len(talker.shell.log) == written
    talker.sleep(3_600_001)
    assert list(talker.shell.coordinator.transactions) == ["t"]
    assert [len(batch) for batch in talker.shell.log[written:]] == [EXPIRIES_PER_DECISION, 1]
    assert Client(talker, "e0").init()[1:] == (0, 0)
    talker.shell.restart()
    assert len(talker.shell.coordinator.transactions) == 2


def test_the_state_table_is_whole() -> None:
    """Every state can be entered, and every one that is written down can be left."""
    assert set(ENTERED_FROM) == set(State)
    left = set().union(*ENTERED_FROM.values())
    assert set(State) - left == {State.DEAD}
