"""Which broker coordinates a group or a transactional id, asked once and remembered until it is wrong."""

from enum import IntEnum
from typing import NamedTuple

from ottla.client.brokers.address import Address
from ottla.core.errors import ErrorCode, error_of
from ottla.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse

_FIRST_WITH_LIST = 4


class CoordinatorType(IntEnum):
    """What is coordinated; the numbers are FindCoordinator's."""

    GROUP = 0
    TRANSACTION = 1
    SHARE = 2


class FoundCoordinator(NamedTuple):
    """A broker, and where it is: metadata may not know it yet."""

    node_id: int
    address: Address


_WHAT = {
    CoordinatorType.GROUP: "group",
    CoordinatorType.TRANSACTION: "transactional id",
    CoordinatorType.SHARE: "share partition",
}


def request_for(key: str, key_type: CoordinatorType, version: int) -> FindCoordinatorRequest:
    """The question in this version; 4 and later take several keys at once."""
    if version >= _FIRST_WITH_LIST:
        return FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
    return FindCoordinatorRequest(key=key, key_type=key_type)


def found(response: FindCoordinatorResponse, key: str, key_type: CoordinatorType) -> FoundCoordinator:
    """The answer of either kind. Raises KafkaError."""
    answer = response.coordinators[0] if response.coordinators else response
    if answer.error_code != ErrorCode.NONE:
        code = ErrorCode(answer.error_code)
        text = f"coordinator of {_WHAT[key_type]} {key}: {answer.error_message or code.name}"
        raise error_of(code, text, api="FindCoordinator")
    return FoundCoordinator(answer.node_id, Address(answer.host, answer.port))


class Coordinators:
    """What is remembered."""

    def __init__(self) -> None:
        self._known: dict[tuple[CoordinatorType, str], int] = {}

    def get(self, key: str, key_type: CoordinatorType) -> int | None:
        """Its node id, if it is known."""
        return self._known.get((key_type, key))

    def remember(self, key: str, key_type: CoordinatorType, node_id: int) -> None:
        """Until it is forgotten."""
        self._known[(key_type, key)] = node_id

    def forget(self, key: str, key_type: CoordinatorType) -> None:
        """It is another, or not known which."""
        self._known.pop((key_type, key), None)

    def clear(self) -> None:
        """All of them."""
        self._known.clear()
