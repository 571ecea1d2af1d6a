"""Which APIs there are: key, name, versions, and the pair of message classes, imported when first asked for.

The ranges are Apache Kafka 4.2's stable ones; a class may know one version more that Kafka calls unstable.
"""

from importlib import import_module
from typing import cast

from ottla.wire.schema import Message

_ROWS = (
    # key, name, first version, last version, first flexible version (KIP-482)
    (0, "Produce", 3, 13, 9),
    (1, "Fetch", 4, 18, 12),
    (2, "ListOffsets", 1, 11, 6),
    (3, "Metadata", 0, 13, 9),
    (8, "OffsetCommit", 2, 10, 8),
    (9, "OffsetFetch", 1, 10, 6),
    (10, "FindCoordinator", 0, 6, 3),
    (11, "JoinGroup", 0, 9, 6),
    (12, "Heartbeat", 0, 4, 4),
    (13, "LeaveGroup", 0, 5, 4),
    (14, "SyncGroup", 0, 5, 4),
    (15, "DescribeGroups", 0, 6, 5),
    (16, "ListGroups", 0, 5, 3),
    (17, "SaslHandshake", 0, 1, None),
    (18, "ApiVersions", 0, 4, 3),
    (19, "CreateTopics", 2, 7, 5),
    (20, "DeleteTopics", 1, 6, 4),
    (21, "DeleteRecords", 0, 2, 2),
    (22, "InitProducerId", 0, 5, 2),
    (23, "OffsetForLeaderEpoch", 2, 4, 4),
    (24, "AddPartitionsToTxn", 0, 5, 3),
    (25, "AddOffsetsToTxn", 0, 4, 3),
    (26, "EndTxn", 0, 5, 3),
    (27, "WriteTxnMarkers", 1, 2, 1),
    (28, "TxnOffsetCommit", 0, 5, 3),
    (29, "DescribeAcls", 1, 3, 2),
    (30, "CreateAcls", 1, 3, 2),
    (31, "DeleteAcls", 1, 3, 2),
    (32, "DescribeConfigs", 1, 4, 4),
    (33, "AlterConfigs", 0, 2, 2),
    (34, "AlterReplicaLogDirs", 1, 2, 2),
    (35, "DescribeLogDirs", 1, 4, 2),
    (36, "SaslAuthenticate", 0, 2, 2),
    (37, "CreatePartitions", 0, 3, 2),
    (38, "CreateDelegationToken", 1, 3, 2),
    (39, "RenewDelegationToken", 1, 2, 2),
    (40, "ExpireDelegationToken", 1, 2, 2),
    (41, "DescribeDelegationToken", 1, 3, 2),
    (42, "DeleteGroups", 0, 2, 2),
    (43, "ElectLeaders", 0, 2, 2),
    (44, "IncrementalAlterConfigs", 0, 1, 1),
    (45, "AlterPartitionReassignments", 0, 1, 0),
    (46, "ListPartitionReassignments", 0, 0, 0),
    (47, "OffsetDelete", 0, 0, None),
    (48, "DescribeClientQuotas", 0, 1, 1),
    (49, "AlterClientQuotas", 0, 1, 1),
    (50, "DescribeUserScramCredentials", 0, 0, 0),
    (51, "AlterUserScramCredentials", 0, 0, 0),
    (55, "DescribeQuorum", 0, 2, 0),
    (57, "UpdateFeatures", 0, 2, 0),
    (60, "DescribeCluster", 0, 2, 0),
    (61, "DescribeProducers", 0, 0, 0),
    (64, "UnregisterBroker", 0, 0, 0),
    (65, "DescribeTransactions", 0, 0, 0),
    (66, "ListTransactions", 0, 2, 0),
    (68, "ConsumerGroupHeartbeat", 0, 1, 0),
    (69, "ConsumerGroupDescribe", 0, 1, 0),
    (74, "ListConfigResources", 0, 1, 0),
    (75, "DescribeTopicPartitions", 0, 0, 0),
)

API_VERSIONS_KEY = 18


class Api:
    """One row of the table."""

    __slots__ = ("_request", "_response", "flexible_from", "key", "max_version", "min_version", "name")

    def __init__(
        self, key: int, name: str, min_version: int, max_version: int, flexible_from: int | None
    ) -> None:
        self.key = key
        self.name = name
        self.min_version = min_version
        self.max_version = max_version
        self.flexible_from = flexible_from
        self._request: type[Message] | None = None
        self._response: type[Message] | None = None

    def __repr__(self) -> str:
        return f"Api({self.key}, {self.name})"

    @property
    def request(self) -> type[Message]:
        """The request's class."""
        if self._request is None:
            self._request = self._message("Request")
        return self._request

    @property
    def response(self) -> type[Message]:
        """The response's class."""
        if self._response is None:
            self._response = self._message("Response")
        return self._response

    def request_header_version(self, version: int) -> int:
        """2, with a tagged section, from the first flexible version; 1 before."""
        return 2 if self.flexible_from is not None and version >= self.flexible_from else 1

    def response_header_version(self, version: int) -> int:
        """1, with a tagged section, from the first flexible version; but always 0 for ApiVersions.

        A client that asks in a version which the broker does not know must still be able to read the answer.
        """
        if self.key == API_VERSIONS_KEY:
            return 0
        return 1 if self.flexible_from is not None and version >= self.flexible_from else 0

    def _message(self, suffix: str) -> type[Message]:
        module = import_module(f"ottla.wire.messages.{snake_case(self.name)}")
        return cast("type[Message]", getattr(module, self.name + suffix))


def snake_case(name: str) -> str:
    """`CreateTopics` → `create_topics`: the name of an API's file."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


_BY_KEY = {row[0]: Api(*row) for row in _ROWS}
_BY_NAME = {api.name: api for api in _BY_KEY.values()}


def api(key: int) -> Api:
    """The API with this key. Raises KeyError when there is none."""
    return _BY_KEY[key]


def api_named(name: str) -> Api:
    """The API with this name, as in `Produce`. Raises KeyError when there is none."""
    return _BY_NAME[name]


def all_apis() -> tuple[Api, ...]:
    """Every API, by rising key."""
    return tuple(_BY_KEY.values())
