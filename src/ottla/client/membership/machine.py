"""A consumer's membership in a group, without I/O: what both protocols share.

The machine is asked and told; it never waits, sends, reads a clock or draws a number. Its rules:

1. `request(now_ms)` is the request to send now, if any. There is one at a time: until `answered` or `failed`, no other.
2. `change` is what the application has to do now, if anything. There is one at a time: until `done`, no other.
3. `owned` is what the application may read. A partition enters it when ASSIGNED is announced, and leaves it when
   the application is done with REVOKED or LOST.
4. What the group has given to somebody else, or may have, is LOST: nothing can be committed for it any more. Then
   `abandons` says that an earlier change need not be waited for.
5. The coordinator forgets a member that it has not heard for the session timeout. A member that has had no answer for
   that long, counted from when it asked, knows that it is out, and loses what it owns.
6. An application that does not come for records for `max_poll_interval_ms` is no member; it becomes one again when it
   comes (`polled`).
7. A member joins only when no change is under way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ottla.client.brokers.metadata import TopicPartition
from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.assignors.client import ClientAssignor
from ottla.wire.schema import Message

Partitions = frozenset[TopicPartition]
NOTHING: Partitions = frozenset()


class ChangeKind(Enum):
    """What happens to partitions."""

    ASSIGNED = "assigned"
    REVOKED = "revoked"
    LOST = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Partitions that come, or that the application is to finish and give up, or that are gone."""

    kind: ChangeKind
    partitions: Partitions


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription: topics by name, and a regular expression that the broker evaluates (RE2, KIP-848 only)."""

    topics: frozenset[str] = frozenset()
    regex: str | None = None

    def __bool__(self) -> bool:
        return bool(self.topics) or self.regex is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberConfig:
    """Who the member is, and Kafka's settings for it."""

    group_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    request_timeout_ms: int = 30_000
    assignors: tuple[ClientAssignor, ...] = ()
    """Of the classic protocol, the preferred one first."""
    server_assignor: str | None = None
    """Of the consumer protocol; None leaves the choice to the broker."""
    backoff_ms: Callable[[int], int] = lambda attempts: min(100 << min(attempts - 1, 10), 1_000)
    """How long to wait after so many failures in a row."""


class Membership:
    """One member of one group. Subclasses are the two protocols."""

    def __init__(self, config: MemberConfig, now_ms: int) -> None:
        self.config = config
        self.wanted = Wanted()
        self.change: Change | None = None
        self.failure: KafkaError | None = None
        """Why it cannot be a member any more, whatever it tries."""
        self.heard_ms: int | None = None
        """When the last request that was answered had been sent; None while it is no member."""
        self.problem: KafkaError | None = None
        """What the last request failed with, until one succeeds."""
        self._polled_ms = now_ms
        self._in_flight: Message | None = None
        self._sent_ms = now_ms
        self._not_before_ms = now_ms
        self._heartbeat_at_ms = now_ms
        self._failures = 0
        self._forfeited = False

    # What the shell asks

    @property
    def owned(self) -> Partitions:
        """What the application may read."""
        raise NotImplementedError

    @property
    def abandons(self) -> bool:
        """Whether the change under way has been overtaken: its partitions are lost, or about to be."""
        return self._forfeited and self.change is not None and self.change.kind is not ChangeKind.LOST

    @property
    def is_out(self) -> bool:
        """Whether it is no member and, until the application does something, will not become one."""
        raise NotImplementedError

    def request(self, now_ms: int) -> Message | None:
        """What to send to the coordinator now; None for nothing."""
        self.tick(now_ms)
        if self._in_flight is not None or now_ms < self._not_before_ms:
            return None
        request = self._due_request(now_ms)
        if request is not None:
            self._in_flight, self._sent_ms = request, now_ms
            self._heartbeat_at_ms = now_ms + self.heartbeat_interval_ms
        return request

    def timeout_ms(self, request: Message) -> int:  # noqa: ARG002 - the classic protocol looks
        """How long an answer to `request` may take."""
        return self.config.request_timeout_ms

    @property
    def heartbeat_interval_ms(self) -> int:
        """How long it may be silent."""
        return self.config.heartbeat_interval_ms

    def wake_at_ms(self) -> int | None:
        """When to call `request` again, if nothing happens before."""
        if self.failure is not None:
            return None
        deadlines = [
            deadline for deadline in (self._silent_at_ms(), self._late_at_ms()) if deadline is not None
        ]
        if self._in_flight is None and (due_ms := self._due_ms()) is not None:
            deadlines.append(max(due_ms, self._not_before_ms))
        return min(deadlines, default=None)

    # What the shell tells

    def subscribe(self, wanted: Wanted, now_ms: int) -> None:
        """What the application wants to read from now on; nothing means that it leaves the group."""
        raise NotImplementedError

    def polled(self, now_ms: int) -> None:
        """The application came for records; or it waits for them, and this is said from time to time."""
        self._polled_ms = now_ms

    def answered(self, response: Message, now_ms: int) -> None:
        """The answer to the request in flight."""
        raise NotImplementedError

    def failed(self, error: KafkaError, now_ms: int) -> None:
        """No answer came to the request in flight."""
        self._in_flight = None
        if error.retriable or error.code in _ELSEWHERE:
            self._try_again(error, now_ms)
        else:
            self._fail(error)
        self._settle()
        self.tick(now_ms)

    def done(self) -> None:
        """The application has carried out `change`."""
        change, self.change = self.change, None
        assert change is not None, "nothing was to be done"
        if change.kind is not ChangeKind.ASSIGNED:
            self._disown(change.partitions)
        self._settle()

    def quit(self) -> None:
        """Leave the group, in good order: the application gives up first."""
        raise NotImplementedError

    def tick(self, now_ms: int) -> None:
        """Notice what time alone changes."""
        silent_ms, late_ms = self._silent_at_ms(), self._late_at_ms()
        if silent_ms is not None and now_ms >= silent_ms:
            self._lose()
        elif late_ms is not None and now_ms >= late_ms:
            self._give_up_late()

    # What subclasses fill in

    def _due_request(self, now_ms: int) -> Message | None:
        raise NotImplementedError

    def _due_ms(self) -> int | None:
        """When there is something to send, as far as time decides it."""
        raise NotImplementedError

    def _disown(self, partitions: Partitions) -> None:
        raise NotImplementedError

    def _settle(self) -> None:
        """Announce the next change, or go on where changes were waited for."""
        raise NotImplementedError

    def _lose(self) -> None:
        """The group goes on without this member: it loses what it owns, and joins again."""
        raise NotImplementedError

    def _give_up_late(self) -> None:
        raise NotImplementedError

    def _counts_polls(self) -> bool:
        """Whether the application must come for records for the member to stay one."""
        raise NotImplementedError

    # What they share

    def _silent_at_ms(self) -> int | None:
        """Rule 5."""
        return None if self.heard_ms is None else self.heard_ms + self.config.session_timeout_ms

    def _late_at_ms(self) -> int | None:
        """Rule 6."""
        return self._polled_ms + self.config.max_poll_interval_ms if self._counts_polls() else None

    def _take_answer(self) -> Message:
        request, self._in_flight = self._in_flight, None
        assert request is not None, "nothing was asked"
        return request

    def _succeeded(self) -> None:
        self._failures, self.problem = 0, None

    def _try_again(self, error: KafkaError, now_ms: int) -> None:
        self._failures += 1
        self.problem = error
        self._not_before_ms = now_ms + self.config.backoff_ms(self._failures)

    def _note_lateness(self) -> None:
        limit_ms = self.config.max_poll_interval_ms
        text = (
            f"no records were asked for in max_poll_interval_ms, {limit_ms} ms: the consumer left its group"
        )
        self.problem = KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, text)

    def _fail(self, error: KafkaError) -> None:
        self.failure = self.problem = error
        self.heard_ms = None

    def _announce_loss(self) -> bool:
        """LOST, if there is something to lose."""
        if self._forfeited and self.owned:
            self.change = Change(ChangeKind.LOST, self.owned)
        self._forfeited = False
        return self.change is not None


_ELSEWHERE = {
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.BROKER_NOT_AVAILABLE,
}
