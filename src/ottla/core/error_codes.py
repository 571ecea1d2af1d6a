"""Kafka's error codes, one row each. A per-partition failure inside a reply is such a value, not an exception."""

from enum import IntEnum
from typing import Self

RETRY = True


class ErrorCode(IntEnum):
    """The int16 that a reply carries; names as Apache Kafka's.

    A row is code, message and, where the same request may succeed later, `RETRY`. A number that is not here,
    from a broker newer than this, becomes UNKNOWN_SERVER_ERROR, as in Kafka's own client.
    """

    _value_: int
    message: str
    retriable: bool

    def __new__(cls, code: int, message: str = "", retriable: bool = False) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.message = message
        member.retriable = retriable
        return member

    UNKNOWN_SERVER_ERROR = -1, "Something broke inside the broker; its log has the details."
    NONE = 0, "No error."
    OFFSET_OUT_OF_RANGE = 1, "The log does not hold this offset: it is before the start or after the end."
    CORRUPT_MESSAGE = 2, "The records are damaged or badly formed, or lack a key in a compacted topic.", RETRY
    UNKNOWN_TOPIC_OR_PARTITION = 3, "This broker has no such topic or partition.", RETRY
    INVALID_FETCH_SIZE = 4, "The fetch size is not one that can be served."
    LEADER_NOT_AVAILABLE = 5, "The partition has no leader right now; an election may be under way.", RETRY
    NOT_LEADER_OR_FOLLOWER = 6, "This broker has no such replica or does not lead it.", RETRY
    REQUEST_TIMED_OUT = 7, "The request was not done in the time it allowed.", RETRY
    BROKER_NOT_AVAILABLE = 8, "That broker is not alive."
    REPLICA_NOT_AVAILABLE = 9, "The replica that was asked for is not there.", RETRY
    MESSAGE_TOO_LARGE = 10, "A record batch is larger than max.message.bytes allows."
    STALE_CONTROLLER_EPOCH = 11, "The sender speaks for a controller that another one has replaced."
    OFFSET_METADATA_TOO_LARGE = 12, "A committed offset's text is longer than offset.metadata.max.bytes."
    NETWORK_EXCEPTION = 13, "The connection broke before the answer came.", RETRY
    COORDINATOR_LOAD_IN_PROGRESS = 14, "The coordinator is still reading its state; ask again soon.", RETRY
    COORDINATOR_NOT_AVAILABLE = 15, "No coordinator is there for this group or transaction right now.", RETRY
    NOT_COORDINATOR = 16, "Another broker coordinates this group or transaction: look it up again.", RETRY
    INVALID_TOPIC_EXCEPTION = 17, "The topic's name is not allowed, or this operation is not allowed on it."
    RECORD_LIST_TOO_LARGE = 18, "The batch is larger than a whole segment of the log may be (segment.bytes)."
    NOT_ENOUGH_REPLICAS = 19, "Fewer replicas in sync than min.insync.replicas; nothing was written.", RETRY
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20, "Written, but too few replicas were in sync to be safe.", RETRY
    INVALID_REQUIRED_ACKS = 21, "acks is none of -1 (all), 0 and 1."
    ILLEGAL_GENERATION = 22, "The member speaks of a generation of its group that is not the current one."
    INCONSISTENT_GROUP_PROTOCOL = 23, "The member shares no assignment protocol with the others of its group."
    INVALID_GROUP_ID = 24, "The group's id is not allowed."
    UNKNOWN_MEMBER_ID = 25, "The group has no member with this id."
    INVALID_SESSION_TIMEOUT = 26, "The session timeout is outside of group.min/max.session.timeout.ms."
    REBALANCE_IN_PROGRESS = 27, "The group is rebalancing: join again."
    INVALID_COMMIT_OFFSET_SIZE = 28, "The offsets to commit make a record that is too large."
    TOPIC_AUTHORIZATION_FAILED = 29, "You may not do this with the topic."
    GROUP_AUTHORIZATION_FAILED = 30, "You may not do this with the group."
    CLUSTER_AUTHORIZATION_FAILED = 31, "You may not do this with the cluster."
    INVALID_TIMESTAMP = 32, "A record's timestamp is too far from the broker's clock for this topic."
    UNSUPPORTED_SASL_MECHANISM = 33, "The broker does not offer this SASL mechanism."
    ILLEGAL_SASL_STATE = 34, "This request has no place at this point of the authentication."
    UNSUPPORTED_VERSION = 35, "The broker does not speak this version of the API."
    TOPIC_ALREADY_EXISTS = 36, "There is a topic of this name already."
    INVALID_PARTITIONS = 37, "The number of partitions is not possible."
    INVALID_REPLICATION_FACTOR = 38, "The replication factor is below 1 or above the number of brokers."
    INVALID_REPLICA_ASSIGNMENT = 39, "The replicas cannot be placed as asked for."
    INVALID_CONFIG = 40, "A config's name or value is not valid."
    NOT_CONTROLLER = 41, "This broker is not the controller.", RETRY
    INVALID_REQUEST = 42, "The request contradicts itself or breaks the protocol; the broker's log says how."
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43, "The log's message format is too old for this request."
    POLICY_VIOLATION = 44, "The cluster's policy forbids it."
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45, "A batch of this producer before this one is missing."
    DUPLICATE_SEQUENCE_NUMBER = 46, "This batch has been written before."
    INVALID_PRODUCER_EPOCH = 47, "The producer's epoch is old: another instance has taken over its id."
    INVALID_TXN_STATE = 48, "The transaction is not in a state that allows this."
    INVALID_PRODUCER_ID_MAPPING = 49, "The producer id does not belong to this transactional id."
    INVALID_TRANSACTION_TIMEOUT = 50, "The timeout is above transaction.max.timeout.ms."
    CONCURRENT_TRANSACTIONS = 51, "The producer's previous transaction is still being finished.", RETRY
    TRANSACTION_COORDINATOR_FENCED = 52, "The sender's transaction coordinator has been replaced."
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53, "You may not use this transactional id."
    SECURITY_DISABLED = 54, "The broker has no authorizer, so there is nothing to read or change."
    OPERATION_NOT_ATTEMPTED = 55, "It was not tried, because something before it in the same request failed."
    KAFKA_STORAGE_ERROR = 56, "The broker's disk failed under the partition.", RETRY
    LOG_DIR_NOT_FOUND = 57, "The broker has no such log directory."
    SASL_AUTHENTICATION_FAILED = 58, "The credentials were not accepted."
    UNKNOWN_PRODUCER_ID = 59, "The broker has no memory of this producer: its records may all have expired."
    REASSIGNMENT_IN_PROGRESS = 60, "The partition is being moved already."
    DELEGATION_TOKEN_AUTH_DISABLED = 61, "Delegation tokens are switched off here."
    DELEGATION_TOKEN_NOT_FOUND = 62, "There is no such delegation token."
    DELEGATION_TOKEN_OWNER_MISMATCH = 63, "The delegation token belongs to somebody else."
    DELEGATION_TOKEN_REQUEST_NOT_ALLOWED = 64, "Tokens are only given on an authenticated, safe connection."
    DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65, "You may not do this with the delegation token."
    DELEGATION_TOKEN_EXPIRED = 66, "The delegation token has expired."
    INVALID_PRINCIPAL_TYPE = 67, "That kind of principal cannot be used here."
    NON_EMPTY_GROUP = 68, "The group still has members."
    GROUP_ID_NOT_FOUND = 69, "There is no such group."
    FETCH_SESSION_ID_NOT_FOUND = 70, "The broker has dropped this fetch session: start a new one.", RETRY
    INVALID_FETCH_SESSION_EPOCH = 71, "The fetch session expected another request: start a new one.", RETRY
    LISTENER_NOT_FOUND = 72, "The partition's leader lacks the listener that was asked through.", RETRY
    TOPIC_DELETION_DISABLED = 73, "Topics cannot be deleted here (delete.topic.enable)."
    FENCED_LEADER_EPOCH = 74, "The leader epoch in the request is old: refresh the metadata.", RETRY
    UNKNOWN_LEADER_EPOCH = 75, "The leader epoch in the request is ahead of the broker's.", RETRY
    UNSUPPORTED_COMPRESSION_TYPE = 76, "The codec is not known, or not in this version of the API."
    STALE_BROKER_EPOCH = 77, "The broker has been registered anew since."
    OFFSET_NOT_AVAILABLE = 78, "The new leader cannot yet tell how far the log is safe.", RETRY
    MEMBER_ID_REQUIRED = 79, "Join again with the member id in this answer."
    PREFERRED_LEADER_NOT_AVAILABLE = 80, "The preferred leader is not alive or not in sync.", RETRY
    GROUP_MAX_SIZE_REACHED = 81, "The group is full (group.max.size)."
    FENCED_INSTANCE_ID = 82, "Another member with the same group.instance.id has taken over."
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83, "No replica may become leader now.", RETRY
    ELECTION_NOT_NEEDED = 84, "The partition already has the leader it should have.", RETRY
    NO_REASSIGNMENT_IN_PROGRESS = 85, "The partition is not being moved."
    GROUP_SUBSCRIBED_TO_TOPIC = 86, "The group is reading the topic, so its offsets stay."
    INVALID_RECORD = 87, "A record breaks a rule of its topic or of the batch format."
    UNSTABLE_OFFSET_COMMIT = 88, "A transaction that commits these offsets is not finished.", RETRY
    THROTTLING_QUOTA_EXCEEDED = 89, "Too many changes in too short a time: wait for throttle_time_ms.", RETRY
    PRODUCER_FENCED = 90, "Another producer with the same transactional id has taken over."
    RESOURCE_NOT_FOUND = 91, "What the request names does not exist."
    DUPLICATE_RESOURCE = 92, "The request names the same thing twice."
    UNACCEPTABLE_CREDENTIAL = 93, "The credential does not meet the rules."
    INCONSISTENT_VOTER_SET = 94, "The voters of the quorum are not those the sender thinks."
    INVALID_UPDATE_VERSION = 95, "The feature's level cannot be changed in that way."
    FEATURE_UPDATE_FAILED = 96, "The features could not be changed."
    PRINCIPAL_DESERIALIZATION_FAILURE = 97, "The principal inside a forwarded request cannot be read."
    SNAPSHOT_NOT_FOUND = 98, "There is no such snapshot."
    POSITION_OUT_OF_RANGE = 99, "The position lies outside of the snapshot."
    UNKNOWN_TOPIC_ID = 100, "This broker has no topic with this id: refresh the metadata.", RETRY
    DUPLICATE_BROKER_REGISTRATION = 101, "A living broker has this id already."
    BROKER_ID_NOT_REGISTERED = 102, "No broker is registered under this id."
    INCONSISTENT_TOPIC_ID = 103, "The topic has another id in the log than in the request.", RETRY
    INCONSISTENT_CLUSTER_ID = 104, "The sender belongs to another cluster."
    TRANSACTIONAL_ID_NOT_FOUND = 105, "There is no such transactional id."
    FETCH_SESSION_TOPIC_ID_ERROR = 106, "The fetch session mixes topic ids and names: start a new one.", RETRY
    INELIGIBLE_REPLICA = 107, "The replica may not join the in-sync replicas now."
    NEW_LEADER_ELECTED = 108, "The change made another replica the leader."
    OFFSET_MOVED_TO_TIERED_STORAGE = 109, "The records at this offset are only in remote storage."
    FENCED_MEMBER_EPOCH = 110, "The group has given this member up: join again."
    UNRELEASED_INSTANCE_ID = 111, "A member with this group.instance.id is still in the group."
    UNSUPPORTED_ASSIGNOR = 112, "The broker does not have the assignor that was asked for."
    STALE_MEMBER_EPOCH = 113, "The member's epoch is not the current one."
    MISMATCHED_ENDPOINT_TYPE = 114, "A controller's request went to a broker, or the reverse."
    UNSUPPORTED_ENDPOINT_TYPE = 115, "That kind of endpoint cannot be asked here."
    UNKNOWN_CONTROLLER_ID = 116, "There is no such controller."
    UNKNOWN_SUBSCRIPTION_ID = 117, "The client's telemetry subscription is not the current one: get it again."
    TELEMETRY_TOO_LARGE = 118, "The telemetry is larger than the broker takes."
    INVALID_REGISTRATION = 119, "The broker's registration is not acceptable."
    TRANSACTION_ABORTABLE = 120, "The transaction can only be aborted; then the producer may go on."
    INVALID_RECORD_STATE = 121, "The record is not in a state that allows this acknowledgement."
    SHARE_SESSION_NOT_FOUND = 122, "The broker has dropped this share session: start a new one.", RETRY
    INVALID_SHARE_SESSION_EPOCH = 123, "The share session expected another request: start a new one.", RETRY
    FENCED_STATE_EPOCH = 124, "The share group's state has a newer epoch."
    INVALID_VOTER_KEY = 125, "The voter's key is not that of the receiver."
    DUPLICATE_VOTER = 126, "The voter is in the set already."
    VOTER_NOT_FOUND = 127, "The voter is not in the set."
    INVALID_REGULAR_EXPRESSION = 128, "The regular expression cannot be parsed."
    REBOOTSTRAP_REQUIRED = 129, "The client's view is stale: start again from bootstrap.servers."
    STREAMS_INVALID_TOPOLOGY = 130, "The Streams topology is not valid."
    STREAMS_INVALID_TOPOLOGY_EPOCH = 131, "The Streams topology's epoch is not valid."
    STREAMS_TOPOLOGY_FENCED = 132, "The group runs a newer Streams topology."
    SHARE_SESSION_LIMIT_REACHED = 133, "The broker has as many share sessions as it takes.", RETRY

    @classmethod
    def _missing_(cls, value: object) -> "ErrorCode | None":
        return cls.UNKNOWN_SERVER_ERROR if isinstance(value, int) else None
