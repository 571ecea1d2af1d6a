"""A fetch session with one broker (KIP-227): after a first full request, each says only what has changed. No I/O.

The broker remembers the partitions under the session's id; the epoch counts the requests. A refused or failed request
makes the next one full, with epoch 0, which ends the old session and opens another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.fetch import FetchPartition, FetchResponse, FetchTopic, ForgottenTopic

NO_SESSION = 0
FIRST_EPOCH = 0
FINAL_EPOCH = -1
_LAST_EPOCH = 2**31 - 1
SESSION_ERRORS = {
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """How one partition is to be fetched."""

    topic_id: bytes
    fetch_offset: int
    current_leader_epoch: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class SessionPart:
    """What a request says of the session."""

    session_id: int
    epoch: int
    topics: list[FetchTopic]
    forgotten: list[ForgottenTopic]
    uses_topic_ids: bool
    """Whether every topic has one, so that version 13 and later can be spoken."""


class FetchSession:
    """With one broker."""

    def __init__(self) -> None:
        self.session_id = NO_SESSION
        self._epoch = FIRST_EPOCH
        self._uses_topic_ids = True
        self._known: dict[TopicPartition, Wish] = {}
        """What the broker has in the session, once the request under way is answered."""

    def request(self, wishes: Mapping[TopicPartition, Wish]) -> SessionPart:
        """For a request that fetches all of these, and no others."""
        uses_ids = all(wish.topic_id != ZERO_UUID for wish in wishes.values())
        if uses_ids != self._uses_topic_ids:
            self.broken()
        self._uses_topic_ids = uses_ids
        known, self._known = self._known, dict(wishes)
        if self._epoch == FIRST_EPOCH:
            return SessionPart(self.session_id, FIRST_EPOCH, _topics(wishes), [], uses_ids)
        changed = {partition: wish for partition, wish in wishes.items() if known.get(partition) != wish}
        # A topic made anew under its name is another topic: the old one is forgotten.
        forgotten = {
            partition: wish
            for partition, wish in known.items()
            if partition not in wishes or wishes[partition].topic_id != wish.topic_id
        }
        return SessionPart(self.session_id, self._epoch, _topics(changed), _forgotten(forgotten), uses_ids)

    def answered(self, response: FetchResponse) -> None:
        """The broker's answer; its error, if any, is one of the session."""
        if response.error_code:
            self.broken()
            if ErrorCode(response.error_code) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND:
                self.session_id = NO_SESSION
        elif response.session_id == NO_SESSION:  # it keeps none, or no longer
            self.session_id, self._epoch = NO_SESSION, FIRST_EPOCH
        else:
            self.session_id = response.session_id
            self._epoch = 1 if self._epoch == _LAST_EPOCH else self._epoch + 1

    def broken(self) -> None:
        """The answer did not come, or was of no use: start over with the next request."""
        self._epoch = FIRST_EPOCH
        self._known = {}

    def names(self) -> dict[bytes, str]:
        """The topics of the session by their ids."""
        return {wish.topic_id: partition.topic for partition, wish in self._known.items()}


def _topics(wishes: Mapping[TopicPartition, Wish]) -> list[FetchTopic]:
    topics: dict[str, FetchTopic] = {}
    for (name, number), wish in wishes.items():
        topic = topics.get(name)
        if topic is None:
            topic = topics[name] = FetchTopic(topic=name, topic_id=wish.topic_id)
        topic.partitions.append(
            FetchPartition(
                partition=number,
                current_leader_epoch=wish.current_leader_epoch,
                fetch_offset=wish.fetch_offset,
                partition_max_bytes=wish.max_bytes,
            )
        )
    return list(topics.values())


def _forgotten(wishes: Mapping[TopicPartition, Wish]) -> list[ForgottenTopic]:
    topics: dict[tuple[str, bytes], list[int]] = {}
    for (name, number), wish in wishes.items():
        topics.setdefault((name, wish.topic_id), []).append(number)
    return [
        ForgottenTopic(topic=name, topic_id=topic_id, partitions=numbers)
        for (name, topic_id), numbers in topics.items()
    ]
