"""What the leader of a classic group knows, and no other member: everybody's subscription, and what it assigned by."""

from collections.abc import Mapping

from ottla.client.membership.assignment import assignments, subscriptions
from ottla.groups.assignors.client import CLIENT_ASSIGNORS, Subscribed
from ottla.wire.messages.join_group import JoinGroupResponse
from ottla.wire.messages.sync_group import SyncGroupRequestAssignment


class Leading:
    """Empty while another member leads."""

    def __init__(self) -> None:
        self.shares: list[SyncGroupRequestAssignment] = []
        """Everybody's part, to be handed in."""
        self._members: dict[str, Subscribed] = {}
        self._counts: dict[str, int] | None = None

    @property
    def topics(self) -> frozenset[str]:
        """All that anybody in the group wants."""
        return frozenset(topic for member in self._members.values() for topic in member.subscription.topics)

    def begin(self, response: JoinGroupResponse) -> bool:
        """A new generation. Returns whether this member has to assign. Raises KafkaError for foreign members.

        A static leader that comes back is told to keep what it assigned before (KIP-814).
        """
        self.clear()
        if response.leader != response.member_id:
            return False
        self._members = subscriptions(response.members)
        return not response.skip_assignment

    def clear(self) -> None:
        self._members, self.shares, self._counts = {}, [], None

    def assign(self, strategy: str, partition_counts: Mapping[str, int]) -> None:
        """Make everybody's share by the strategy that all have."""
        self._counts = dict(partition_counts)
        self.shares = assignments(CLIENT_ASSIGNORS[strategy], self._members, partition_counts)

    def is_outdated_by(self, partition_counts: Mapping[str, int]) -> bool:
        """Whether it was assigned by other counts; who does not know what it assigned by takes these for it."""
        if not self._members:
            return False
        if self._counts is None:
            self._counts = dict(partition_counts)
        return dict(partition_counts) != self._counts
