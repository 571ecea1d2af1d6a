"""The states of a member of a classic group, and what leads from one to another, as data.

A member that holds a generation (SYNCING, STABLE, and PREPARING after one of them) sends heartbeats, whatever the
application is doing. `classic` says what happens on the way.
"""

from enum import Enum

from ottla.core.errors import ErrorCode


class Phase(Enum):
    """Where a member is."""

    OUT = "out"
    """No member, and not going to be one until the application does something."""
    PREPARING = "preparing"
    """Is going to join, once the application has given up what must be given up first."""
    JOINING = "joining"
    """JoinGroup is to be sent, or parked at the coordinator until everyone has come."""
    ASSIGNING = "assigning"
    """Leads the group, and waits to be told how many partitions the topics have."""
    SYNCING = "syncing"
    """SyncGroup is to be sent, or parked until the leader has handed in the assignment."""
    STABLE = "stable"
    LEAVING = "leaving"
    """LeaveGroup is to be sent, once the application has given up its partitions."""


class Event(Enum):
    """What happens to a member."""

    WANTS_IN = "subscribes, or comes for records again"
    REBALANCE = "the group is rebalancing, or has a reason to"
    READY = "nothing is held that must not be"
    JOINED = "joined as a follower"
    LEADS = "joined as the leader"
    COUNTED = "partitions are counted"
    ASSIGNED = "the assignment is there"
    OUSTED = "the group goes on without this member"
    WANTS_OUT = "unsubscribes, closes or does not come for records"
    GONE = "has left"


TRANSITIONS: dict[tuple[Phase, Event], Phase] = {
    (Phase.OUT, Event.WANTS_IN): Phase.PREPARING,
    (Phase.LEAVING, Event.GONE): Phase.OUT,
    (Phase.PREPARING, Event.READY): Phase.JOINING,
    (Phase.JOINING, Event.JOINED): Phase.SYNCING,
    (Phase.JOINING, Event.LEADS): Phase.ASSIGNING,
    (Phase.ASSIGNING, Event.COUNTED): Phase.SYNCING,
    (Phase.SYNCING, Event.ASSIGNED): Phase.STABLE,
    **{
        (phase, Event.REBALANCE): Phase.PREPARING
        for phase in (Phase.PREPARING, Phase.ASSIGNING, Phase.SYNCING, Phase.STABLE)
    },
    **{
        (phase, event): after
        for phase in (Phase.PREPARING, Phase.JOINING, Phase.ASSIGNING, Phase.SYNCING, Phase.STABLE)
        for event, after in ((Event.OUSTED, Phase.PREPARING), (Event.WANTS_OUT, Phase.LEAVING))
    },
    (Phase.LEAVING, Event.OUSTED): Phase.OUT,
}


class Remedy(Enum):
    """What a member does about an error."""

    AGAIN = "the same once more, after a while"
    AGAIN_AS = "the same at once, with the member id in the answer"
    JOIN = "join again"
    JOIN_ANEW = "join again without a generation, as what it had is lost"
    JOIN_AS_NEW = "as before, and without the member id, which is not known any more"
    END = "nothing: it would be refused again"


REMEDIES: dict[ErrorCode, Remedy] = {
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS: Remedy.AGAIN,
    ErrorCode.COORDINATOR_NOT_AVAILABLE: Remedy.AGAIN,
    ErrorCode.NOT_COORDINATOR: Remedy.AGAIN,
    ErrorCode.MEMBER_ID_REQUIRED: Remedy.AGAIN_AS,
    ErrorCode.REBALANCE_IN_PROGRESS: Remedy.JOIN,
    ErrorCode.ILLEGAL_GENERATION: Remedy.JOIN_ANEW,
    ErrorCode.UNKNOWN_MEMBER_ID: Remedy.JOIN_AS_NEW,
}
"""Another error that is retriable is tried again as well; any other is the END, such as FENCED_INSTANCE_ID."""


def remedy_of(code: ErrorCode, phase: Phase) -> Remedy:
    """What a member does about an error in this phase."""
    remedy = REMEDIES.get(code, Remedy.AGAIN if code.retriable else Remedy.END)
    if phase is Phase.SYNCING and remedy is Remedy.AGAIN:
        return Remedy.JOIN  # the coordinator that parked it is gone, and the assignment with it
    return remedy


IN_THE_GROUP = {Phase.PREPARING, Phase.ASSIGNING, Phase.SYNCING, Phase.STABLE}
"""Where another subscription or the lack of polls matters at once; JOINING is over before long."""

BEATING = {Phase.PREPARING, Phase.ASSIGNING, Phase.STABLE}
"""Where heartbeats are sent; SyncGroup says by itself that the member is there."""
