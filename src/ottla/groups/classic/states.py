"""The states of a classic group, as data. The tables are the machine's rules; the other modules only carry them out.

    Empty ──rebalance──▶ PreparingRebalance ──joined──▶ CompletingRebalance ──assigned──▶ Stable
      ▲                    │    ▲                              │                            │
      └──────emptied───────┘    └──────────rebalance───────────┴────────────────────────────┘

- Empty: no members; perhaps offsets. A group that only ever commits offsets stays here.
- PreparingRebalance: all members are to send JoinGroup; those that did are parked. Ends when all have, or
  in time.
- CompletingRebalance: the leader knows the members and works out the assignment; SyncGroup is parked.
- Stable: everyone can have their part.
- Dead: the group is gone. Only seen in answers about groups that do not exist.

Only Empty and Stable are ever written down (`assigned` and `emptied` happen by applying a record), so that
a group comes back from the log in one of them.
"""

from enum import StrEnum

from ottla.core.errors import ErrorCode


class State(StrEnum):
    """The name that DescribeGroups and ListGroups show."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


class Event(StrEnum):
    """What moves a group from state to state."""

    REBALANCE = "a member came, left, or wants something else"
    JOINED = "everyone who stays has joined"
    EMPTIED = "nobody stayed"
    ASSIGNED = "the leader's assignment is written down"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.EMPTY, Event.REBALANCE): State.PREPARING_REBALANCE,
    (State.STABLE, Event.REBALANCE): State.PREPARING_REBALANCE,
    (State.COMPLETING_REBALANCE, Event.REBALANCE): State.PREPARING_REBALANCE,
    (State.PREPARING_REBALANCE, Event.JOINED): State.COMPLETING_REBALANCE,
    (State.PREPARING_REBALANCE, Event.EMPTIED): State.EMPTY,
    (State.COMPLETING_REBALANCE, Event.ASSIGNED): State.STABLE,
    (State.STABLE, Event.ASSIGNED): State.STABLE,  # a static member came back under another id
    (State.EMPTY, Event.EMPTIED): State.EMPTY,  # a new group
    (State.EMPTY, Event.ASSIGNED): State.STABLE,  # replay, and what is left of a consumer group
    (State.STABLE, Event.EMPTIED): State.EMPTY,  # replay
}
"""Everything that can happen."""

HEARTBEAT_ANSWERS: dict[State, ErrorCode] = {
    State.EMPTY: ErrorCode.UNKNOWN_MEMBER_ID,
    State.PREPARING_REBALANCE: ErrorCode.REBALANCE_IN_PROGRESS,
    State.COMPLETING_REBALANCE: ErrorCode.NONE,
    State.STABLE: ErrorCode.NONE,
}
"""What Heartbeat of a known member of this generation is told; its session is renewed in any case."""

SYNC_REFUSALS: dict[State, ErrorCode] = {
    State.EMPTY: ErrorCode.UNKNOWN_MEMBER_ID,
    State.PREPARING_REBALANCE: ErrorCode.REBALANCE_IN_PROGRESS,
}
"""States in which SyncGroup fails; in CompletingRebalance it is parked, in Stable it gets the assignment."""

COMMIT_ANSWERS: dict[State, ErrorCode] = {
    State.EMPTY: ErrorCode.NONE,
    State.PREPARING_REBALANCE: ErrorCode.NONE,
    State.COMPLETING_REBALANCE: ErrorCode.REBALANCE_IN_PROGRESS,
    State.STABLE: ErrorCode.NONE,
}
"""What OffsetCommit of a known member of this generation is told: until the assignment is known, the
offsets of the next generation cannot be told from those of the last."""


class Rejoin(StrEnum):
    """What JoinGroup of a member that is already in the group leads to."""

    WAIT = "park it with the others"
    REPEAT = "the answer it missed"
    REBALANCE = "start over"


def rejoin(state: State, *, is_leader: bool, same_metadata: bool) -> Rejoin:
    """The leader of a stable group rejoins on purpose, others do so only to tell something new."""
    if state is State.PREPARING_REBALANCE:
        return Rejoin.WAIT
    if state is State.COMPLETING_REBALANCE:
        return Rejoin.REPEAT if same_metadata else Rejoin.REBALANCE
    return Rejoin.REPEAT if same_metadata and not is_leader else Rejoin.REBALANCE
