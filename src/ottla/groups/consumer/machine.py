"""What all requests of consumer groups share: sessions, and how members go."""

from collections.abc import Callable, Collection

from ottla.groups.config import GroupConfig
from ottla.groups.consumer import writes
from ottla.groups.consumer.current import Current, MemberState, Partitions
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.consumer.update import Update, forget_unused, subscribed_hash
from ottla.groups.deadline import Deadline, GroupDeadlines, Wait
from ottla.groups.decision import GroupDecision
from ottla.groups.records.consumer import ConsumerGroupMemberMetadataValue
from ottla.groups.topics import Topics

_MEMBER_WAITS = (Wait.SESSION, Wait.REVOKE, Wait.CLASSIC_JOIN, Wait.CLASSIC_SYNC)


class ConsumerMachine:
    """The mechanics of consumer groups."""

    def __init__(
        self,
        config: GroupConfig,
        deadlines: GroupDeadlines,
        downgrade: Callable[[ConsumerGroup, Collection[str], int], GroupDecision | None],
    ) -> None:
        self.config = config
        self.deadlines = deadlines
        self.topics = Topics()
        self.downgrade = downgrade
        """Asked when members leave: if only classic ones stay, what makes the group a classic one."""

    def update(
        self,
        group: ConsumerGroup,
        member_id: str,
        member: ConsumerGroupMemberMetadataValue,
        owned: Partitions | None,
        now_ms: int,
        out: GroupDecision,
    ) -> Current:
        """Take in what the member says. Returns what it has from here on."""
        current = Update(group, member_id, member, self.topics, self.config, now_ms, out).run(owned)
        self._watch_revocation(group, member_id, member, current, now_ms)
        return current

    def _watch_revocation(
        self,
        group: ConsumerGroup,
        member_id: str,
        member: ConsumerGroupMemberMetadataValue,
        current: Current,
        now_ms: int,
    ) -> None:
        """A member has its rebalance timeout to give something up, counted from when it was asked."""
        deadline = Deadline(Wait.REVOKE, group.group_id, member_id)
        if current.state != MemberState.UNREVOKED_PARTITIONS or member.classic_member_metadata is not None:
            self.deadlines.cancel(deadline)
        elif current != group.current(member_id) or self.deadlines.at_ms(deadline) is None:
            self.deadlines.arm(deadline, now_ms + member.rebalance_timeout_ms)

    def renew_session(
        self, group: ConsumerGroup, member_id: str, now_ms: int, classic_timeout_ms: int | None = None
    ) -> None:
        """A sign of life. Members that speak the classic protocol brought a timeout of their own."""
        timeout_ms = classic_timeout_ms or self.config.group_consumer_session_timeout_ms
        self.deadlines.arm(Deadline(Wait.SESSION, group.group_id, member_id), now_ms + timeout_ms)

    def time_is_up(self, group: ConsumerGroup, member_id: str, now_ms: int, out: GroupDecision) -> None:
        """The member missed one of its deadlines: it is out, and what it had is free."""
        if member_id in group.members:
            self.remove(group, [member_id], now_ms, out)

    def remove(self, group: ConsumerGroup, member_ids: list[str], now_ms: int, out: GroupDecision) -> None:
        """The members are gone; the next heartbeat of any other one assigns anew."""
        converted = self.downgrade(group, member_ids, now_ms)
        if converted is not None:
            out.records += converted.records
            out.then = converted.then
            return
        for member_id in member_ids:
            self.forget_deadlines(group, member_id)
            out.records += writes.without_member(group.group_id, member_id)
        after = ConsumerGroup(
            group.group_id,
            members={i: member for i, member in group.members.items() if i not in member_ids},
            expressions=dict(group.expressions),
        )
        forget_unused(group.group_id, list(group.expressions), after, out)
        out.write(writes.epoch(group.group_id, group.epoch + 1, subscribed_hash(after, self.topics)))

    def after_join(self, group: ConsumerGroup, now_ms: int) -> GroupDecision:
        """A classic member may have come in place of the last one that was none."""
        return self.downgrade(group, (), now_ms) or GroupDecision()

    def forget_deadlines(self, group: ConsumerGroup, member_id: str) -> None:
        """Nothing is waited for from this member any more."""
        for wait in _MEMBER_WAITS:
            self.deadlines.cancel(Deadline(wait, group.group_id, member_id))

    def resume(self, group: ConsumerGroup, now_ms: int) -> None:
        """After a restart: give every member one session to show itself, and one timeout to revoke."""
        for member_id, member in group.members.items():
            classic = member.classic_member_metadata
            self.renew_session(group, member_id, now_ms, classic.session_timeout_ms if classic else None)
            self._watch_revocation(group, member_id, member, group.current(member_id), now_ms)
