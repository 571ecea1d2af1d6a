"""What a coordinator's pure machine answers: records to write down, and replies that leave after them.

The contract between a machine and whoever runs it (the shell), in this order, with no `await` between 1 and 3:

1. A request method, or a due deadline, yields a `Decision`; nothing persistent has changed yet.
2. The shell appends `records` as one batch. If that fails, the decision's replies turn into errors and the machine
   rebuilds what it knows of the group in question.
3. The shell hands every record to the machine's `apply`: the only way persistent state changes, live and at replay.
   Then it asks `then`, if there is one, for the next decision and starts again.
4. The replies leave once everything appended so far is committed; also those of a decision without records, so that
   nobody reads what a crash could take back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

RecordT = TypeVar("RecordT")
ReplyT = TypeVar("ReplyT")

Ticket = int
"""Names one request that waits for its reply; the shell deals them out and never uses one twice."""


@dataclass(slots=True)
class Decision(Generic[RecordT, ReplyT]):
    """Records to append, replies to send after them, and what is decided next."""

    records: list[RecordT] = field(default_factory=list)
    """Persist, then apply, BEFORE any of `replies` is sent."""
    replies: list[tuple[Ticket, ReplyT]] = field(default_factory=list)
    """A request without a reply here is parked: a later decision carries its ticket."""
    then: "Callable[[], Decision[RecordT, ReplyT]] | None" = None
    """Asked once `records` are applied, for what can only be decided on the new state."""

    def write(self, record: RecordT) -> None:
        """One more record for the batch."""
        self.records.append(record)

    def reply(self, ticket: Ticket, reply: ReplyT) -> None:
        """One more reply, to the request now handled or to a parked one."""
        self.replies.append((ticket, reply))


def carry_out(
    decision: Decision[RecordT, ReplyT],
    append: Callable[[list[RecordT]], None],
    apply: Callable[[RecordT], None],
    replies: list[tuple[Ticket, ReplyT]] | None = None,
    carried_out: Callable[[Decision[RecordT, ReplyT]], None] | None = None,
) -> list[tuple[Ticket, ReplyT]]:
    """Steps 1 to 3 above, to the end of the chain. Returns the replies to send when all of it is committed.

    An exception from `append` goes through: what came before it in the chain is written and applied. Whoever passes
    a list as `replies` finds there who must be told. `carried_out` is told each decision once its records are applied.
    """
    replies = [] if replies is None else replies
    following: Decision[RecordT, ReplyT] | None = decision
    while following is not None:
        replies += following.replies
        if following.records:
            append(following.records)
            for record in following.records:
                apply(record)
        if carried_out is not None:
            carried_out(following)
        following = following.then() if following.then is not None else None
    return replies
