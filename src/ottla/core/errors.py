"""The exceptions that carry Kafka's error codes, and the one place that says which code is which exception.

    Exception
    ├── KafkaError                        has a code; what a client catches
    │   ├── RetriableError                the same request may succeed later; the clients do retry, up to a deadline
    │   │   ├── StaleMetadataError        after fresh metadata: leaders, topics, ids
    │   │   ├── CoordinatorError          after another look for the coordinator
    │   │   ├── NotEnoughReplicasError    when more replicas are in sync again
    │   │   ├── RequestTimedOutError      not done in its time; it may have been done after all
    │   │   └── KafkaConnectionError      net: the broker cannot be reached or went away
    │   ├── AbortableError                the transaction can only be aborted; then the producer may go on
    │   ├── FatalError                    this client cannot go on: close it
    │   │   ├── FencedError               another instance has taken over; end this one
    │   │   ├── AuthenticationError       the credentials; TlsError in net is one: certificates and host names
    │   │   └── UnsupportedVersionError   the broker is too old, or too new
    │   ├── RejoinError                   the group has moved on without this member: join again
    │   ├── RefusedError                  the request as it is will never do; the client may go on with another
    │   │   ├── AuthorizationError        you may not
    │   │   ├── AlreadyExistsError        a topic or another thing of this name
    │   │   ├── NotFoundError             no such group, transactional id, resource
    │   │   ├── OffsetOutOfRangeError     the log does not hold this offset
    │   │   └── RecordTooLargeError       a record or batch is larger than topic or broker allow
    │   ├── BrokerError                   the broker failed, or no broker is there
    │   └── StorageError                  log: the disk failed (LogWriteError, LogReadError)
    ├── CloseConnection                   net: a handler's order to close, not an error
    ├── StoreError                        cluster: the metadata store (locked, damaged, in conflict, …)
    ├── DataDirectoryError                log: a directory that is in use or belongs to another cluster
    ├── ConfigError                       broker: a config's name or value
    ├── CommandError, UsageError          cli: what a person reads in one line
    └── ValueError                        what was given is not what it should be
        ├── OptionError                   client: an option's name or value
        ├── FrameError                    net: no Kafka frame, or one that is too large
        ├── WireError                     wire: no such message, or not in that version
        ├── CorruptRecordError            records: a damaged batch (and what kind of damage, below it)
        ├── SnapshotError                 log: a producer snapshot that cannot be read
        └── PatternError                  groups: a regular expression that cannot be parsed

`KafkaError(code, …)` is made as the class that the code belongs to, as Python does it with OSError and errno.
"""

from typing import Any, Self, cast

from ottla.core.error_codes import ErrorCode

__all__ = [
    "CLASSES",
    "AbortableError",
    "AlreadyExistsError",
    "AuthenticationError",
    "AuthorizationError",
    "BrokerError",
    "CoordinatorError",
    "ErrorCode",
    "FatalError",
    "FencedError",
    "KafkaError",
    "NotEnoughReplicasError",
    "NotFoundError",
    "OffsetOutOfRangeError",
    "RecordTooLargeError",
    "RefusedError",
    "RejoinError",
    "RequestTimedOutError",
    "RetriableError",
    "StaleMetadataError",
    "UnsupportedVersionError",
    "error_of",
]


class KafkaError(Exception):
    """An error with a code. The text names the thing that is wrong and, where there is one, the fix."""

    def __new__(cls, code: object = None, *_: object, **__: object) -> Self:
        """Of the class that the code belongs to, unless a subclass was asked for by name."""
        chosen = _CLASS_OF.get(code, cls) if cls is KafkaError else cls
        return cast("Self", super().__new__(chosen))

    def __init__(
        self,
        code: ErrorCode,
        message: str = "",
        *,
        broker: int | None = None,
        api: str | None = None,
        advice: str = "",
    ) -> None:
        text = message or f"{code.name}: {code.message}"
        super().__init__(f"{text}; {advice}" if advice else text)
        self.code = code
        self.message = message
        self.broker = broker
        """The node id of the broker that said so, where that is known."""
        self.api = api
        """The request that failed, by Kafka's name, where that is known."""
        self.advice = advice
        """What to do about it, where there is more to say than `message` does."""

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process and back: the constructor's arguments are not those of the text."""
        return _restored, (type(self), self.args, self.__dict__)

    @property
    def retriable(self) -> bool:
        """Whether the same request may succeed, sent again."""
        return self.code.retriable and not isinstance(self, FatalError)


def _restored(kind: type[KafkaError], args: tuple[object, ...], state: dict[str, object]) -> KafkaError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class RetriableError(KafkaError):
    """The same request may succeed later."""


class StaleMetadataError(RetriableError):
    """The cluster is not, or no longer, as the request took it to be; fresh metadata shows how it is."""


class CoordinatorError(RetriableError):
    """The coordinator of the group or transactional id has moved, or is not ready."""


class NotEnoughReplicasError(RetriableError):
    """Fewer replicas are in sync than min.insync.replicas."""


class RequestTimedOutError(RetriableError):
    """It was not done in its time. Whether it is done after all is not known."""


class AbortableError(KafkaError):
    """The current transaction can only be aborted; then the producer may begin another."""


class FatalError(KafkaError):
    """The client that raises it cannot go on."""


class FencedError(FatalError):
    """Another instance with the same id has taken over."""


class AuthenticationError(FatalError):
    """The broker does not accept who the client says it is, or the other way round."""


class UnsupportedVersionError(FatalError):
    """Client and broker have no version of a request in common, or not one that can say what is asked for."""


class RejoinError(KafkaError):
    """The group has moved on without this member."""


class RefusedError(KafkaError):
    """The request as it is will never do."""


class AuthorizationError(RefusedError):
    """The broker's access rules do not allow it."""


class AlreadyExistsError(RefusedError):
    """There is one of this name."""


class NotFoundError(RefusedError):
    """There is none of this name."""


class OffsetOutOfRangeError(RefusedError):
    """The log does not hold the offset."""


class RecordTooLargeError(RefusedError):
    """A record or a batch is larger than the topic or the broker allow."""


class BrokerError(KafkaError):
    """The broker itself failed, or none is there."""


_E = ErrorCode

CLASSES: dict[type[KafkaError], tuple[ErrorCode, ...]] = {
    RetriableError: (
        *(
            _E.CORRUPT_MESSAGE,
            _E.NETWORK_EXCEPTION,
            _E.CONCURRENT_TRANSACTIONS,
            _E.FETCH_SESSION_ID_NOT_FOUND,
        ),
        *(_E.INVALID_FETCH_SESSION_EPOCH, _E.FETCH_SESSION_TOPIC_ID_ERROR, _E.OFFSET_NOT_AVAILABLE),
        *(_E.ELIGIBLE_LEADERS_NOT_AVAILABLE, _E.ELECTION_NOT_NEEDED, _E.UNSTABLE_OFFSET_COMMIT),
        *(_E.THROTTLING_QUOTA_EXCEEDED, _E.SHARE_SESSION_NOT_FOUND, _E.INVALID_SHARE_SESSION_EPOCH),
        _E.SHARE_SESSION_LIMIT_REACHED,
    ),
    StaleMetadataError: (
        *(_E.UNKNOWN_TOPIC_OR_PARTITION, _E.LEADER_NOT_AVAILABLE, _E.NOT_LEADER_OR_FOLLOWER),
        *(_E.REPLICA_NOT_AVAILABLE, _E.NOT_CONTROLLER, _E.KAFKA_STORAGE_ERROR, _E.LISTENER_NOT_FOUND),
        *(_E.FENCED_LEADER_EPOCH, _E.UNKNOWN_LEADER_EPOCH, _E.PREFERRED_LEADER_NOT_AVAILABLE),
        *(_E.UNKNOWN_TOPIC_ID, _E.INCONSISTENT_TOPIC_ID),
    ),
    CoordinatorError: (_E.COORDINATOR_LOAD_IN_PROGRESS, _E.COORDINATOR_NOT_AVAILABLE, _E.NOT_COORDINATOR),
    NotEnoughReplicasError: (_E.NOT_ENOUGH_REPLICAS, _E.NOT_ENOUGH_REPLICAS_AFTER_APPEND),
    RequestTimedOutError: (_E.REQUEST_TIMED_OUT,),
    AbortableError: (_E.TRANSACTION_ABORTABLE, _E.OUT_OF_ORDER_SEQUENCE_NUMBER, _E.UNKNOWN_PRODUCER_ID),
    FatalError: (
        *(_E.INVALID_TXN_STATE, _E.INVALID_PRODUCER_ID_MAPPING, _E.STREAMS_TOPOLOGY_FENCED),
        _E.INCONSISTENT_CLUSTER_ID,
    ),
    FencedError: (
        *(_E.INVALID_PRODUCER_EPOCH, _E.TRANSACTION_COORDINATOR_FENCED, _E.FENCED_INSTANCE_ID),
        _E.PRODUCER_FENCED,
    ),
    AuthenticationError: (
        *(_E.UNSUPPORTED_SASL_MECHANISM, _E.ILLEGAL_SASL_STATE, _E.SASL_AUTHENTICATION_FAILED),
        _E.DELEGATION_TOKEN_EXPIRED,
    ),
    UnsupportedVersionError: (_E.UNSUPPORTED_VERSION, _E.UNSUPPORTED_FOR_MESSAGE_FORMAT),
    RejoinError: (
        *(_E.ILLEGAL_GENERATION, _E.UNKNOWN_MEMBER_ID, _E.REBALANCE_IN_PROGRESS, _E.MEMBER_ID_REQUIRED),
        *(_E.FENCED_MEMBER_EPOCH, _E.STALE_MEMBER_EPOCH, _E.UNRELEASED_INSTANCE_ID),
    ),
    AuthorizationError: (
        *(_E.TOPIC_AUTHORIZATION_FAILED, _E.GROUP_AUTHORIZATION_FAILED, _E.CLUSTER_AUTHORIZATION_FAILED),
        *(_E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, _E.DELEGATION_TOKEN_AUTHORIZATION_FAILED),
    ),
    AlreadyExistsError: (_E.TOPIC_ALREADY_EXISTS, _E.DUPLICATE_RESOURCE, _E.DUPLICATE_VOTER),
    NotFoundError: (
        *(_E.GROUP_ID_NOT_FOUND, _E.RESOURCE_NOT_FOUND, _E.TRANSACTIONAL_ID_NOT_FOUND, _E.LOG_DIR_NOT_FOUND),
        *(_E.DELEGATION_TOKEN_NOT_FOUND, _E.NO_REASSIGNMENT_IN_PROGRESS, _E.SNAPSHOT_NOT_FOUND),
        *(_E.UNKNOWN_CONTROLLER_ID, _E.VOTER_NOT_FOUND, _E.BROKER_ID_NOT_REGISTERED),
    ),
    OffsetOutOfRangeError: (_E.OFFSET_OUT_OF_RANGE, _E.OFFSET_MOVED_TO_TIERED_STORAGE),
    RecordTooLargeError: (_E.MESSAGE_TOO_LARGE, _E.RECORD_LIST_TOO_LARGE),
    BrokerError: (_E.UNKNOWN_SERVER_ERROR, _E.BROKER_NOT_AVAILABLE, _E.REBOOTSTRAP_REQUIRED),
    RefusedError: (
        *(_E.INVALID_FETCH_SIZE, _E.STALE_CONTROLLER_EPOCH, _E.OFFSET_METADATA_TOO_LARGE),
        *(_E.INVALID_TOPIC_EXCEPTION, _E.INVALID_REQUIRED_ACKS, _E.INCONSISTENT_GROUP_PROTOCOL),
        *(_E.INVALID_GROUP_ID, _E.INVALID_SESSION_TIMEOUT, _E.INVALID_COMMIT_OFFSET_SIZE),
        *(_E.INVALID_TIMESTAMP, _E.INVALID_PARTITIONS, _E.INVALID_REPLICATION_FACTOR),
        *(_E.INVALID_REPLICA_ASSIGNMENT, _E.INVALID_CONFIG, _E.INVALID_REQUEST, _E.POLICY_VIOLATION),
        *(_E.DUPLICATE_SEQUENCE_NUMBER, _E.INVALID_TRANSACTION_TIMEOUT, _E.SECURITY_DISABLED),
        *(_E.OPERATION_NOT_ATTEMPTED, _E.REASSIGNMENT_IN_PROGRESS, _E.DELEGATION_TOKEN_AUTH_DISABLED),
        *(_E.DELEGATION_TOKEN_OWNER_MISMATCH, _E.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED),
        *(_E.INVALID_PRINCIPAL_TYPE, _E.NON_EMPTY_GROUP, _E.TOPIC_DELETION_DISABLED),
        *(_E.UNSUPPORTED_COMPRESSION_TYPE, _E.STALE_BROKER_EPOCH, _E.GROUP_MAX_SIZE_REACHED),
        *(_E.GROUP_SUBSCRIBED_TO_TOPIC, _E.INVALID_RECORD, _E.UNACCEPTABLE_CREDENTIAL),
        *(_E.INCONSISTENT_VOTER_SET, _E.INVALID_UPDATE_VERSION, _E.FEATURE_UPDATE_FAILED),
        *(_E.PRINCIPAL_DESERIALIZATION_FAILURE, _E.POSITION_OUT_OF_RANGE, _E.DUPLICATE_BROKER_REGISTRATION),
        *(_E.INELIGIBLE_REPLICA, _E.NEW_LEADER_ELECTED, _E.UNSUPPORTED_ASSIGNOR),
        *(_E.MISMATCHED_ENDPOINT_TYPE, _E.UNSUPPORTED_ENDPOINT_TYPE, _E.UNKNOWN_SUBSCRIPTION_ID),
        *(_E.TELEMETRY_TOO_LARGE, _E.INVALID_REGISTRATION, _E.INVALID_RECORD_STATE, _E.FENCED_STATE_EPOCH),
        *(_E.INVALID_VOTER_KEY, _E.INVALID_REGULAR_EXPRESSION, _E.STREAMS_INVALID_TOPOLOGY),
        _E.STREAMS_INVALID_TOPOLOGY_EPOCH,
    ),
}
"""Each code but NONE in exactly one place. A class that has subclasses takes what none of them takes."""

_CLASS_OF: dict[object, type[KafkaError]] = {code: kind for kind, codes in CLASSES.items() for code in codes}


def error_of(
    code: ErrorCode | int,
    message: str = "",
    *,
    broker: int | None = None,
    api: str | None = None,
    advice: str = "",
) -> KafkaError:
    """The exception of a reply's code: as `KafkaError(…)`, but the number as it came will do."""
    return KafkaError(ErrorCode(code), message, broker=broker, api=api, advice=advice)
