"""A member of a classic group: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, without I/O.

Rules, beside those of `machine`; the states are in `phases`:

1. Eager members (some strategy of theirs is not cooperative) give everything up before they join. Cooperative ones
   keep it, and give up what the next assignment takes from them; then they join again, so that it can be handed on
   (KIP-429).
2. The leader assigns, and joins again when the topics of the group have other partitions than it assigned.
3. A static member (KIP-345) does not say that it leaves: it may come back within the session timeout, and finds its
   partitions.
4. While JoinGroup is parked, the coordinator waits for the member, so silence ends nothing, with one exception: a
   cooperative member that has had no answer for the session timeout loses what it owns, and waits on. It cannot tell
   whether it is still parked, or the answer was lost, or another coordinator has its session run out meanwhile.
5. Who joined with a claim to partitions and lost them before the answer joins again: nobody else was given them.
"""

from collections.abc import Mapping

from ottla.client.membership import requests
from ottla.client.membership.assignment import assigned
from ottla.client.membership.holdings import NO_GENERATION, Holdings
from ottla.client.membership.leading import Leading
from ottla.client.membership.machine import Change, ChangeKind, MemberConfig, Membership, Partitions, Wanted
from ottla.client.membership.phases import BEATING, IN_THE_GROUP, TRANSITIONS, Event, Phase, Remedy, remedy_of
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.messages.heartbeat import HeartbeatResponse
from ottla.wire.messages.join_group import JoinGroupResponse
from ottla.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from ottla.wire.messages.sync_group import SyncGroupResponse
from ottla.wire.schema import Message


class ClassicMembership(Membership):
    """One member of a classic group."""

    def __init__(self, config: MemberConfig, now_ms: int) -> None:
        super().__init__(config, now_ms)
        self.phase = Phase.OUT
        self.member_id = ""
        self.generation_id = NO_GENERATION
        self.cooperative = all(assignor.cooperative for assignor in config.assignors)
        self.leading = Leading()
        self._holdings = Holdings()
        self._strategy = ""
        self._leaves_late = False

    # What the shell asks

    @property
    def owned(self) -> Partitions:
        return self._holdings.owned

    @property
    def is_out(self) -> bool:
        return self.change is None and (self.phase is Phase.OUT or self.failure is not None)

    @property
    def waits_for_counts(self) -> bool:
        """Whether it cannot go on before `counted`."""
        return self.phase is Phase.ASSIGNING

    @property
    def topics_to_count(self) -> frozenset[str]:
        """Topics whose partitions the leader has to know, to assign or to see that they have become more."""
        return self.leading.topics

    def timeout_ms(self, request: Message) -> int:
        return requests.timeout_ms(self.config, request)

    # What the shell tells

    def subscribe(self, wanted: Wanted, now_ms: int) -> None:
        assert wanted.regex is None, "only a broker of KIP-848 evaluates expressions"
        self.wanted = wanted
        if not wanted:
            self.quit()
        elif self.phase is Phase.OUT:
            self._polled_ms = now_ms
            self._move(Event.WANTS_IN)
        elif self.phase in IN_THE_GROUP and wanted != self._holdings.joined_for:
            self._move(Event.REBALANCE)
        self._settle()

    def polled(self, now_ms: int) -> None:
        super().polled(now_ms)
        if self.phase is Phase.OUT and self.wanted and self.failure is None:
            self._move(Event.WANTS_IN)
            self._settle()

    def counted(self, partition_counts: Mapping[str, int]) -> None:
        """How many partitions each of `topics_to_count` has; topics that do not exist are left out."""
        if self.phase is Phase.ASSIGNING:
            self.leading.assign(self._strategy, partition_counts)
            self._move(Event.COUNTED)
        elif self.phase is Phase.STABLE and self.leading.is_outdated_by(partition_counts):
            self._move(Event.REBALANCE)
            self._settle()

    def answered(self, response: Message, now_ms: int) -> None:
        self._take_answer()
        try:
            match response:
                case JoinGroupResponse():
                    self._take_join(response, now_ms)
                case SyncGroupResponse():
                    self._take_sync(response, now_ms)
                case HeartbeatResponse():
                    self._take_heartbeat(response, now_ms)
                case LeaveGroupResponse():
                    self._gone()
        except KafkaError as error:
            self._fail(error)
        self._settle()

    def failed(self, error: KafkaError, now_ms: int) -> None:
        if self.phase is not Phase.LEAVING:
            super().failed(error, now_ms)
        elif isinstance(self._take_answer(), LeaveGroupRequest):
            self._gone()  # said once; if it was not heard, the session timeout says it
            self._settle()

    def quit(self) -> None:
        self.wanted = Wanted()
        if self.phase is not Phase.OUT and self.phase is not Phase.LEAVING:
            self._move(Event.WANTS_OUT)
        self._in_flight, self._not_before_ms = None, 0
        self._settle()

    # Requests

    def _due_request(self, now_ms: int) -> Message | None:
        if self.failure is not None:
            return None
        if self.phase is Phase.JOINING:
            self._holdings.claim(self.wanted)
            # Eager members forget what they have but in the memory of `sticky`, which says when that was.
            had, generation_id = self._holdings.previous
            claim = had, self.generation_id if self.cooperative else generation_id
            return requests.join(self.config, self.member_id, self.wanted.topics, self.owned, claim)
        if self.phase is Phase.SYNCING:
            return requests.sync(
                self.config, (self.member_id, self.generation_id), self._strategy, self.leading.shares
            )
        if self.phase is Phase.LEAVING and (self._leaves_late or not self.owned):
            return self._leave_request()
        if self._holds_generation() and now_ms >= self._heartbeat_at_ms:
            return requests.heartbeat(self.config, (self.member_id, self.generation_id))
        return None

    def _due_ms(self) -> int | None:
        if self.phase in {Phase.JOINING, Phase.SYNCING}:
            return 0
        if self.phase is Phase.LEAVING and (self._leaves_late or not self.owned):
            return 0
        return self._heartbeat_at_ms if self._holds_generation() else None

    def _holds_generation(self) -> bool:
        return self.generation_id != NO_GENERATION and self.phase in BEATING

    def _leave_request(self) -> LeaveGroupRequest | None:
        if self.config.instance_id is not None or not self.member_id:
            self._gone()
            return None
        return requests.leave(self.config, self.member_id)

    # Answers

    def _take_join(self, response: JoinGroupResponse, now_ms: int) -> None:
        code = ErrorCode(response.error_code)
        if self.phase is not Phase.JOINING:
            return
        if code is ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = response.member_id
        if code is not ErrorCode.NONE:
            self._remedy(code, "JoinGroup", now_ms)
            return
        self._succeeded()
        self.member_id, self.generation_id = response.member_id, response.generation_id
        self._strategy = response.protocol_name or ""
        # The answer may be old: who has something to lose counts from the question.
        self.heard_ms = self._sent_ms if self.owned else now_ms
        self._heartbeat_at_ms = now_ms + self.heartbeat_interval_ms
        self._move(Event.LEADS if self.leading.begin(response) else Event.JOINED)

    def _take_sync(self, response: SyncGroupResponse, now_ms: int) -> None:
        code = ErrorCode(response.error_code)
        if self.phase is not Phase.SYNCING:
            return
        if code is not ErrorCode.NONE:
            self._remedy(code, "SyncGroup", now_ms)
            return
        self._succeeded()
        self.heard_ms = self._sent_ms
        self._holdings.assign(assigned(response.assignment), self.generation_id, self.wanted)
        self._move(Event.ASSIGNED)

    def _take_heartbeat(self, response: HeartbeatResponse, now_ms: int) -> None:
        code = ErrorCode(response.error_code)
        if not self._holds_generation():
            return
        if code in {ErrorCode.NONE, ErrorCode.REBALANCE_IN_PROGRESS}:  # the second one counts as well
            self._succeeded()
            self.heard_ms = self._sent_ms
        if code is not ErrorCode.NONE:
            self._remedy(code, "Heartbeat", now_ms)

    def _remedy(self, code: ErrorCode, api: str, now_ms: int) -> None:
        remedy = remedy_of(code, self.phase)
        if remedy is Remedy.END:
            self._fail(requests.final_error(code, self.config))
            return
        if remedy is Remedy.AGAIN or (self.phase is Phase.JOINING and remedy is not Remedy.AGAIN_AS):
            self._try_again(KafkaError(code, f"{api}: {code.name}"), now_ms)
        if remedy is Remedy.JOIN_AS_NEW:
            self.member_id = ""
        if remedy in {Remedy.JOIN_ANEW, Remedy.JOIN_AS_NEW}:
            self._lose()
        elif remedy is Remedy.JOIN and self.phase is not Phase.JOINING:
            self._move(Event.REBALANCE)

    # Changes

    def _settle(self) -> None:
        if self.change is not None or self._announce_loss():
            return
        if self.failure is not None:
            self.change = Change(ChangeKind.LOST, self.owned) if self.owned else None
        elif self.phase is Phase.PREPARING:
            self._prepare()
        elif self.phase is Phase.STABLE:
            self._reconcile()
        elif self.phase in {Phase.LEAVING, Phase.OUT} and self.owned:
            self.change = Change(ChangeKind.REVOKED, self.owned)

    def _prepare(self) -> None:
        self.change = self._holdings.before_join(self.wanted, cooperative=self.cooperative)
        if self.change is None:
            self._move(Event.READY)

    def _reconcile(self) -> None:
        self.change = self._holdings.after_assignment()
        if self.change is None and not self._holdings.is_settled:
            self._move(Event.REBALANCE)
            self._settle()

    def _disown(self, partitions: Partitions) -> None:
        self._holdings.disown(partitions)

    def _lose(self) -> None:
        self.generation_id, self.heard_ms = NO_GENERATION, None
        self._forfeited = bool(self.owned)
        self._holdings.unassign()
        self.leading.clear()
        self._move(Event.OUSTED)
        self._settle()

    def _give_up_late(self) -> None:
        self._note_lateness()
        self._forfeited, self._leaves_late = bool(self.owned), True
        self._move(Event.WANTS_OUT)
        self._settle()

    def _gone(self) -> None:
        """Not a member any more; a static one keeps its id to be found by."""
        if self.config.instance_id is None:
            self.member_id = ""
        self.generation_id, self.heard_ms = NO_GENERATION, None
        self._holdings.unassign()
        self._leaves_late = False
        self.leading.clear()
        if self.phase is Phase.LEAVING:
            self._move(Event.GONE)

    def _counts_polls(self) -> bool:
        return self.phase in IN_THE_GROUP and self.failure is None

    def _silent_at_ms(self) -> int | None:
        is_parked = self.phase is Phase.JOINING and self._in_flight is not None
        return None if is_parked and not self.owned else super()._silent_at_ms()

    def _move(self, event: Event) -> None:
        assert (self.phase, event) in TRANSITIONS, f"{event.name} in {self.phase.name}"
        self.phase = TRANSITIONS[self.phase, event]
