"""The transactional producer's table, its rules, and what each answer means."""

from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.producing.idempotence import ProducerIdentity
from ottla.client.transactions.errors import Verdict, exception, verdict
from ottla.client.transactions.machine import TRANSITIONS, Event, State, TransactionMachine
from ottla.core.errors import AbortableError, ErrorCode, FatalError, FencedError, KafkaError

A, B = TopicPartition("t", 0), TopicPartition("t", 1)
ABORTABLE = KafkaError(ErrorCode.TRANSACTION_ABORTABLE, "spoiled")
FATAL = FencedError(ErrorCode.PRODUCER_FENCED, "fenced")
NEXT = ProducerIdentity(1, 1)


def begun(version: int = 2) -> TransactionMachine:
    machine = TransactionMachine()
    machine.move(Event.INIT)
    machine.initialized(ProducerIdentity(1, 0))
    machine.begin(version)
    return machine


def test_every_state_has_its_row_and_every_row_leads_to_a_state() -> None:
    assert set(TRANSITIONS) == set(State)
    reached = {to for row in TRANSITIONS.values() for to in row.values()} | {State.FATAL_ERROR}
    assert reached | {State.UNINITIALIZED} == set(State)


def test_the_first_protocol_waits_for_the_coordinator_the_second_does_not() -> None:
    first, second = begun(1), begun(2)
    assert not first.may_leave(A)
    assert first.wanted == {A}
    first.added(frozenset({A}))
    assert first.may_leave(A)
    assert not first.wanted
    assert second.may_leave(A)
    assert second.has_content


def test_nothing_leaves_of_a_transaction_that_is_aborted() -> None:
    machine = begun(2)
    assert machine.may_leave(A)
    machine.move(Event.ABORT)
    assert not machine.may_leave(A)
    assert not machine.may_leave(B)


def test_after_an_abortable_error_only_the_abort_is_left() -> None:
    machine = begun()
    machine.records_failed(ABORTABLE)
    assert machine.state is State.ABORTABLE_ERROR
    for event in (Event.COMMIT, Event.BEGIN):
        with pytest.raises(AbortableError, match="can only be aborted: spoiled"):
            machine.check(event)
    with pytest.raises(AbortableError):
        machine.check_may_add()
    machine.move(Event.ABORT)
    machine.ended(NEXT)
    machine.begin(2)
    assert machine.identity == NEXT
    assert not machine.has_content


def test_records_that_fail_while_it_is_committed_make_it_abortable() -> None:
    machine = begun()
    machine.move(Event.COMMIT)
    machine.records_failed(KafkaError(ErrorCode.REQUEST_TIMED_OUT, "late"))
    assert machine.state is State.ABORTABLE_ERROR


def test_the_first_error_is_the_one_that_is_told_but_a_fatal_one_outranks_it() -> None:
    machine = begun()
    machine.records_failed(ABORTABLE)
    machine.records_failed(KafkaError(ErrorCode.INVALID_RECORD, "second"))
    assert "spoiled" in str(machine.error)
    machine.failed(FATAL)
    assert machine.state is State.FATAL_ERROR
    for event in Event:
        if event is not Event.FATAL:
            with pytest.raises(FencedError):
                machine.check(event)


def test_a_failed_abort_leaves_the_abort() -> None:
    machine = begun()
    machine.move(Event.ABORT)
    machine.failed(ABORTABLE)
    assert machine.state is State.ABORTING


def test_an_unanswered_end_can_only_be_asked_for_again() -> None:
    machine = begun()
    machine.move(Event.COMMIT)
    machine.check(Event.COMMIT)
    with pytest.raises(KafkaError, match="only commit_transaction may be called, again"):
        machine.check(Event.ABORT)
    with pytest.raises(KafkaError, match="only commit_transaction may be called, again"):
        machine.check_may_add()


class Transactions(RuleBasedStateMachine):
    """Any calls in any order: those that the table forbids raise and change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = TransactionMachine()
        self.epochs = 0

    def attempt(self, call: Any, *arguments: Any) -> None:
        before = self.machine.state
        try:
            call(*arguments)
        except KafkaError:
            assert self.machine.state is before
        else:
            after = self.machine.state
            assert after is before or after is State.FATAL_ERROR or after in TRANSITIONS[before].values()

    @rule(event=st.sampled_from([Event.INIT, Event.NOT_INITIALIZED, Event.COMMIT, Event.ABORT]))
    def move(self, event: Event) -> None:
        self.attempt(self.machine.move, event)

    @rule()
    def initialized(self) -> None:
        self.epochs += 1
        self.attempt(self.machine.initialized, ProducerIdentity(1, self.epochs))

    @rule(version=st.integers(1, 2))
    def begin(self, version: int) -> None:
        if not self.machine.has_content or self.machine.state is not State.READY:
            self.attempt(self.machine.begin, version)

    @rule(partition=st.sampled_from([A, B]))
    def ask_to_leave(self, partition: TopicPartition) -> None:
        if self.machine.may_leave(partition):
            assert partition in self.machine.partitions
            assert self.machine.state in (State.IN_TRANSACTION, State.COMMITTING)

    @rule()
    def added(self) -> None:
        self.machine.added(frozenset(self.machine.wanted))

    @rule(error=st.sampled_from([ABORTABLE, FATAL, KafkaError(ErrorCode.INVALID_RECORD, "bad")]))
    def records_failed(self, error: KafkaError) -> None:
        self.attempt(self.machine.records_failed, error)

    @rule(renewed=st.booleans())
    def ended(self, renewed: bool) -> None:
        self.epochs += 1
        self.attempt(self.machine.ended, ProducerIdentity(1, self.epochs) if renewed else None)

    @invariant()
    def only_an_open_transaction_has_content(self) -> None:
        if self.machine.state in (State.UNINITIALIZED, State.INITIALIZING, State.READY):
            assert not self.machine.has_content
            assert self.machine.error is None

    @invariant()
    def an_error_state_has_its_error(self) -> None:
        if self.machine.is_failed:
            assert self.machine.error is not None


TestTransactions = Transactions.TestCase
TestTransactions.settings = hypothesis_settings(max_examples=100, stateful_step_count=30, deadline=None)

APIS = ["InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"]


@pytest.mark.parametrize("api", APIS)
def test_every_code_has_a_verdict_and_its_exception(api: str) -> None:
    for code in ErrorCode:
        match verdict(api, code):
            case Verdict.ABORT:
                assert isinstance(exception(api, code, ""), AbortableError)
            case Verdict.FATAL:
                assert isinstance(exception(api, code, ""), FatalError)
            case Verdict.DONE:
                assert code == ErrorCode.NONE
            case Verdict.AGAIN:
                assert code.retriable


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("code", [ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.PRODUCER_FENCED])
def test_being_replaced_is_told_as_one_thing(api: str, code: ErrorCode) -> None:
    error = exception(api, code, "x")
    assert isinstance(error, FencedError)
    assert error.code == ErrorCode.PRODUCER_FENCED


def test_the_answers_that_wait_and_those_that_move() -> None:
    assert verdict("EndTxn", ErrorCode.CONCURRENT_TRANSACTIONS) is Verdict.AGAIN
    assert verdict("EndTxn", ErrorCode.NOT_COORDINATOR) is Verdict.LOOK_UP
    assert verdict("EndTxn", ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) is Verdict.AGAIN
    assert verdict("TxnOffsetCommit", ErrorCode.ILLEGAL_GENERATION) is Verdict.ABORT
    assert verdict("AddPartitionsToTxn", ErrorCode.TOPIC_AUTHORIZATION_FAILED) is Verdict.ABORT
    assert verdict("InitProducerId", ErrorCode.INVALID_TRANSACTION_TIMEOUT) is Verdict.FATAL
