"""A transactional producer's state, as a table; no I/O.

1. Records and offsets are taken only in a transaction (IN_TRANSACTION).
2. With the first protocol (transaction.version below 2) a partition's batches leave only once the coordinator has
   added the partition to the transaction; with the second (KIP-890) the batches add it.
3. A transaction is ended only when nothing of it is away any more. One that nothing was added to is ended without
   asking anybody.
4. What fails inside a transaction leaves only the abort (ABORTABLE_ERROR); what says that another producer has taken
   over, or that this one may not be, leaves nothing (FATAL_ERROR).
5. A commit or abort that was asked for and not answered can only be asked for again: nobody knows its outcome.
6. Another epoch follows every end with the second protocol (its answer brings it), and every abort with the first:
   whatever is still under way from before is refused then.
"""

from enum import Enum, auto

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.producing.idempotence import NO_IDENTITY, ProducerIdentity
from ottla.core.errors import AbortableError, ErrorCode, FatalError, KafkaError


class State(Enum):
    UNINITIALIZED = auto()
    INITIALIZING = auto()
    READY = auto()
    IN_TRANSACTION = auto()
    COMMITTING = auto()
    ABORTING = auto()
    ABORTABLE_ERROR = auto()
    FATAL_ERROR = auto()


class Event(Enum):
    INIT = auto()
    """A producer id is asked for."""
    INITIALIZED = auto()
    NOT_INITIALIZED = auto()
    """It could not be had for now."""
    BEGIN = auto()
    COMMIT = auto()
    ABORT = auto()
    ENDED = auto()
    """The coordinator has the outcome."""
    ABORTABLE = auto()
    FATAL = auto()


_S, _E = State, Event

TRANSITIONS: dict[State, dict[Event, State]] = {
    _S.UNINITIALIZED: {_E.INIT: _S.INITIALIZING},
    _S.INITIALIZING: {_E.INITIALIZED: _S.READY, _E.NOT_INITIALIZED: _S.UNINITIALIZED},
    _S.READY: {_E.BEGIN: _S.IN_TRANSACTION},
    _S.IN_TRANSACTION: {
        _E.COMMIT: _S.COMMITTING,
        _E.ABORT: _S.ABORTING,
        _E.ABORTABLE: _S.ABORTABLE_ERROR,
    },
    _S.COMMITTING: {
        _E.COMMIT: _S.COMMITTING,
        _E.ENDED: _S.READY,
        _E.ABORTABLE: _S.ABORTABLE_ERROR,
    },
    _S.ABORTABLE_ERROR: {_E.ABORT: _S.ABORTING, _E.ABORTABLE: _S.ABORTABLE_ERROR},
    _S.ABORTING: {_E.ABORT: _S.ABORTING, _E.ENDED: _S.READY, _E.ABORTABLE: _S.ABORTING},
    _S.FATAL_ERROR: {},
}
"""What is not here is not allowed; FATAL leads to FATAL_ERROR from everywhere."""

_ADVICE: dict[State, str] = {
    _S.UNINITIALIZED: "call init_transactions first",
    _S.INITIALIZING: "wait for init_transactions",
    _S.READY: "begin a transaction first: `async with producer.transaction():`",
    _S.IN_TRANSACTION: "commit or abort the one that is open",
    _S.COMMITTING: "its commit is not answered yet: only commit_transaction may be called, again",
    _S.ABORTABLE_ERROR: "it can only be aborted",
    _S.ABORTING: "its abort is not answered yet: only abort_transaction may be called, again",
    _S.FATAL_ERROR: "close this producer",
}

_FATAL_FOR_RECORDS = frozenset(
    {
        ErrorCode.PRODUCER_FENCED,
        ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
        ErrorCode.INVALID_PRODUCER_ID_MAPPING,
        ErrorCode.UNSUPPORTED_VERSION,
        ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
    }
)
"""INVALID_PRODUCER_EPOCH is not among them: a partition says so also after a timeout; the coordinator knows."""


class TransactionMachine:
    """One transactional id's producer, seen from its own side."""

    def __init__(self) -> None:
        self.state = State.UNINITIALIZED
        self.identity = NO_IDENTITY
        self.version = 1
        """Of the protocol, for the transaction that is open or was last."""
        self.error: KafkaError | None = None
        """What led to an error state."""
        self.partitions: set[TopicPartition] = set()
        """In the transaction, as far as this producer knows."""
        self.wanted: set[TopicPartition] = set()
        """To be added, with the first protocol."""
        self.groups: set[str] = set()
        """Whose offsets are in the transaction."""

    @property
    def is_failed(self) -> bool:
        return self.state in (State.ABORTABLE_ERROR, State.FATAL_ERROR)

    @property
    def is_ending_badly(self) -> bool:
        """Whether its records will not be committed."""
        return self.is_failed or self.state is State.ABORTING

    @property
    def has_content(self) -> bool:
        """Whether the coordinator may know of it."""
        return bool(self.partitions or self.wanted or self.groups)

    def check(self, event: Event) -> None:
        """Raises the error that led here, or one that says what may be done instead."""
        if event is Event.FATAL or event in TRANSITIONS[self.state]:
            return
        if self.is_failed and self.error is not None:
            raise self.error.with_traceback(None)
        raise _not_now(event.name.lower().replace("_", " "), self.state)

    def check_may_add(self) -> None:
        """Rule 1."""
        if self.state is State.IN_TRANSACTION:
            return
        if self.is_failed and self.error is not None:
            raise self.error.with_traceback(None)
        raise _not_now("send", self.state)

    def initialized(self, identity: ProducerIdentity) -> None:
        """The coordinator has given it an id and an epoch; earlier producers of the same name are fenced."""
        self._move(Event.INITIALIZED)
        self.identity = identity

    def begin(self, version: int) -> None:
        """With this version of the protocol."""
        self._move(Event.BEGIN)
        assert not self.has_content
        self.version = version

    def move(self, event: Event) -> None:
        """INIT, NOT_INITIALIZED, COMMIT or ABORT."""
        self._move(event)

    def may_leave(self, partition: TopicPartition) -> bool:
        """Rule 2; a partition that may not yet is wanted from now on."""
        if self.state not in (State.IN_TRANSACTION, State.COMMITTING):
            return False
        if partition in self.partitions:
            return True
        if self.version >= 2:
            self.partitions.add(partition)
            return True
        self.wanted.add(partition)
        return False

    def added(self, partitions: frozenset[TopicPartition]) -> None:
        """The coordinator has them."""
        self.partitions |= partitions
        self.wanted -= partitions

    def group_added(self, group_id: str) -> None:
        """Its offsets are, or may be, in the transaction."""
        self.groups.add(group_id)

    def ended(self, identity: ProducerIdentity | None) -> None:
        """The outcome is written down; the next transaction has this identity, or the same as before."""
        self._move(Event.ENDED)
        self.identity = identity or self.identity
        self.error = None
        self.partitions.clear()
        self.wanted.clear()
        self.groups.clear()

    def failed(self, error: KafkaError) -> None:
        """A request of the transaction failed for good: rule 4."""
        if isinstance(error, FatalError) or Event.ABORTABLE not in TRANSITIONS[self.state]:
            self._fail(Event.FATAL, error)
        else:
            self._fail(Event.ABORTABLE, error)

    def records_failed(self, error: KafkaError) -> None:
        """Records of the transaction could not be delivered: rule 4."""
        if error.code in _FATAL_FOR_RECORDS:
            self._fail(Event.FATAL, error)
        elif Event.ABORTABLE in TRANSITIONS[self.state]:
            reason = f"the transaction can only be aborted: {error}"
            self._fail(
                Event.ABORTABLE, AbortableError(error.code, reason, broker=error.broker, api=error.api)
            )

    def _fail(self, event: Event, error: KafkaError) -> None:
        if not self.is_failed or event is Event.FATAL:
            self.error = error
        self._move(event)

    def _move(self, event: Event) -> None:
        if event is Event.FATAL:
            self.state = State.FATAL_ERROR
            return
        self.check(event)
        self.state = TRANSITIONS[self.state][event]


def _not_now(what: str, state: State) -> KafkaError:
    words = state.name.lower().replace("_", " ")
    return KafkaError(
        ErrorCode.INVALID_REQUEST, f"cannot {what}: the transaction is {words}", advice=_ADVICE[state]
    )
