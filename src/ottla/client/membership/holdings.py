"""What a member of a classic group owns, is to own, and has told the others that it owns."""

from ottla.client.membership.machine import NOTHING, Change, ChangeKind, Partitions, Wanted

NO_GENERATION = -1


class Holdings:
    """Partitions change hands only through the changes that this announces."""

    def __init__(self) -> None:
        self.owned: Partitions = NOTHING
        self.previous: tuple[Partitions, int] = (NOTHING, NO_GENERATION)
        """The last assignment, and the generation that it was of."""
        self.joined_for = Wanted()
        """The subscription that the others were told of last."""
        self.is_settled = True
        """False: the group has to hear of something, and the member joins again."""
        self._assigned: Partitions = NOTHING
        self._claimed: Partitions = NOTHING

    def claim(self, wanted: Wanted) -> None:
        """The others are being told what is wanted and owned now."""
        self.joined_for, self._claimed = wanted, self.owned

    def assign(self, partitions: Partitions, generation_id: int, wanted: Wanted) -> None:
        """The group has decided; `wanted` is the subscription by now.

        What was assigned to a static member before it came back with another subscription is not what it wants.
        """
        self.previous = partitions, generation_id
        foreign = {partition.topic for partition in partitions} - self.joined_for.topics
        self._assigned = self.owned if foreign else partitions
        self.is_settled = not foreign and wanted == self.joined_for and self.owned == self._claimed

    def unassign(self) -> None:
        """No generation, no assignment."""
        self._assigned = NOTHING

    def disown(self, partitions: Partitions) -> None:
        """The application has given them up, or lost them."""
        self.owned -= partitions

    def before_join(self, wanted: Wanted, *, cooperative: bool) -> Change | None:
        """What must be given up first: everything, or, for cooperative members, what is not wanted any more."""
        kept = frozenset(partition for partition in self.owned if partition.topic in wanted.topics)
        given_up = self.owned - kept if cooperative else self.owned
        if given_up:
            return Change(ChangeKind.REVOKED, given_up)
        self.is_settled = True
        return None

    def after_assignment(self) -> Change | None:
        """The next step towards what is assigned: first the surplus goes, and the group is to hear of that."""
        surplus, missing = self.owned - self._assigned, self._assigned - self.owned
        if surplus:
            self.is_settled = False
            return Change(ChangeKind.REVOKED, surplus)
        if missing:
            self.owned |= missing
            return Change(ChangeKind.ASSIGNED, missing)
        return None
