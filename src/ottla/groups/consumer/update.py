"""What follows when a member of a consumer group says something, in this order:

1. Its metadata are written down if they changed, and its regular expression is resolved.
2. The group epoch grows if subscriptions changed, or the topics they name did.
3. If the group epoch is ahead of the assignment, all targets are computed anew.
4. The member takes its next step towards its target.

Everything is decided on the state before the decision, with this one member's change laid over it.
"""

from dataclasses import dataclass, field

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups.assignors.member import Member
from ottla.groups.assignors.server import SERVER_ASSIGNORS
from ottla.groups.config import REGEX_REFRESH_AFTER_CHANGE_MS, REGEX_REFRESH_INTERVAL_MS, GroupConfig
from ottla.groups.consumer import writes
from ottla.groups.consumer.current import Current, Partitions, reconcile
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.decision import GroupDecision
from ottla.groups.pattern_syntax import PatternError
from ottla.groups.records.consumer import (
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupRegularExpressionValue,
)
from ottla.groups.topic_pattern import topic_pattern
from ottla.groups.topics import Topics


@dataclass(slots=True)
class Update:
    """One member's change on its way through the group."""

    group: ConsumerGroup
    member_id: str
    member: ConsumerGroupMemberMetadataValue
    topics: Topics
    config: GroupConfig
    now_ms: int
    out: GroupDecision
    after: ConsumerGroup = field(init=False)
    """The group as it will be when the decision is applied, as far as it is decided."""

    def run(self, owned: Partitions | None) -> Current:
        """All four steps. Returns what the member has after them. Raises KafkaError for a bad expression."""
        before = self.group.members.get(self.member_id)
        self.after = ConsumerGroup(
            self.group.group_id,
            members={**self.group.members, self.member_id: self.member},
            expressions=dict(self.group.expressions),
        )
        if self.member != before:
            self.out.write(writes.member(self.group.group_id, self.member_id, self.member))
        changed = self.resolve_expressions(before) or self.wants_other_topics(before)
        epoch = self.bump_epoch(changed=changed or self.group.epoch == 0)
        target = self.group.target(self.member_id)
        if epoch > self.group.assignment_epoch:
            target = self.assign(epoch)[self.member_id]
        return self.step(target, max(epoch, self.group.assignment_epoch), owned)

    # 1

    def wants_other_topics(self, before: ConsumerGroupMemberMetadataValue | None) -> bool:
        """Whether the member lists other names than before, or has an expression that means others."""
        names = before.subscribed_topic_names if before is not None else []
        topics = self.group.topics_of(before) if before is not None else frozenset()
        return names != self.member.subscribed_topic_names or topics != self.after.topics_of(self.member)

    def resolve_expressions(self, before: ConsumerGroupMemberMetadataValue | None) -> bool:
        """Whether an expression means other topics than it did."""
        wanted = self.member.subscribed_topic_regex or ""
        dropped = (before.subscribed_topic_regex or "") if before is not None else ""
        if dropped and dropped != wanted:
            forget_unused(self.group.group_id, [dropped], self.after, self.out)
        changed = [text for text in sorted({wanted, *self.after.expressions} - {""}) if self.resolve(text)]
        return bool(changed)

    def resolve(self, text: str) -> bool:
        known = self.after.expressions.get(text)
        if known is not None and not self.is_due(text, known):
            return False
        try:
            found = sorted(topic_pattern(text).select(self.topics.by_name))
        except PatternError as error:
            raise bad_expression(text, error) from error
        self.group.resolved[text] = (self.topics.version, self.now_ms)
        before = known.topics if known is not None else []
        if known is not None and before == found:
            return False
        value = ConsumerGroupRegularExpressionValue(
            topics=found, version=self.topics.version, timestamp=self.now_ms
        )
        self.after.expressions[text] = value
        self.out.write(writes.expression(self.group.group_id, text, value))
        return before != found

    def is_due(self, text: str, known: ConsumerGroupRegularExpressionValue) -> bool:
        version, at_ms = self.group.resolved.get(text, (-1, known.timestamp))
        age_ms = self.now_ms - at_ms
        if version != self.topics.version:
            return age_ms >= REGEX_REFRESH_AFTER_CHANGE_MS
        return age_ms >= REGEX_REFRESH_INTERVAL_MS

    # 2

    def bump_epoch(self, *, changed: bool) -> int:
        """The group's epoch from here on. Without a change of its own, a group looks only at new views of topics."""
        group = self.group
        if not changed and group.checked_version == self.topics.version:
            return group.epoch
        metadata_hash = subscribed_hash(self.after, self.topics)
        group.checked_version = self.topics.version
        if not changed and metadata_hash == group.metadata_hash:
            return group.epoch
        self.out.write(writes.epoch(group.group_id, group.epoch + 1, metadata_hash))
        return group.epoch + 1

    # 3

    def assign(self, epoch: int) -> dict[str, Partitions]:
        """Everyone's target for this epoch."""
        name = self.after.assignor(self.config.group_consumer_assignors)
        by_name = self.topics.by_name
        wishes = [
            Member(
                member_id,
                frozenset(by_name[n].topic_id for n in self.after.topics_of(member) if n in by_name),
                self.group.target(member_id),
                member.instance_id,
            )
            for member_id, member in self.after.members.items()
        ]
        wanted = frozenset().union(*(wish.topics for wish in wishes))
        counts = {topic_id: self.topics.by_id[topic_id].partition_count for topic_id in wanted}
        targets = {
            member_id: frozenset(partitions)
            for member_id, partitions in SERVER_ASSIGNORS[name](wishes, counts).items()
        }
        for member_id, partitions in targets.items():
            if self.group.targets.get(member_id) != partitions:
                self.out.write(writes.target(self.group.group_id, member_id, partitions))
        self.out.write(writes.assignment_epoch(self.group.group_id, epoch))
        return targets

    # 4

    def step(self, target: Partitions, target_epoch: int, owned: Partitions | None) -> Current:
        group, member_id = self.group, self.member_id
        before = group.current(member_id)
        current = reconcile(
            before, target, target_epoch, owned, lambda partition: group.is_free_for(member_id, partition)
        )
        if current != before or member_id not in group.currents:
            self.out.write(writes.current(group.group_id, member_id, current))
        return current


def forget_unused(group_id: str, expressions: list[str], after: ConsumerGroup, out: GroupDecision) -> None:
    """Expressions that no member of `after` has any more."""
    used = {member.subscribed_topic_regex for member in after.members.values()}
    for text in expressions:
        if text not in used and after.expressions.pop(text, None) is not None:
            out.write(writes.expression(group_id, text, None))


def subscribed_hash(group: ConsumerGroup, topics: Topics) -> int:
    """The digest of all topics that anybody in the group wants."""
    return topics.metadata_hash(frozenset().union(*map(group.topics_of, group.members.values())))


def bad_expression(text: str, error: PatternError) -> KafkaError:
    """INVALID_REGULAR_EXPRESSION."""
    message = f"the regular expression {text!r} cannot be used: {error}"
    return KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, message)
