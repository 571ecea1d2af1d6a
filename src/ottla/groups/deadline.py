"""The names of the deadlines that groups set."""

from enum import Enum, auto
from typing import NamedTuple

from ottla.core.deadlines import Deadlines


class Wait(Enum):
    """What is waited for."""

    SESSION = auto()
    """A sign of life of a member, of either kind of group."""
    JOIN = auto()
    """The end of a classic group's join phase."""
    SYNC = auto()
    """SyncGroup of every member of a classic group."""
    REVOKE = auto()
    """That a consumer group's member gives up what it must."""
    CLASSIC_JOIN = auto()
    """JoinGroup of a classic member of a consumer group."""
    CLASSIC_SYNC = auto()
    """SyncGroup of a classic member of a consumer group."""
    EXPIRE_OFFSETS = auto()
    """The next look for offsets that nobody needs; not of one group."""


class Deadline(NamedTuple):
    """One deadline: of a group, or of one of its members."""

    wait: Wait
    group_id: str = ""
    member_id: str = ""


GroupDeadlines = Deadlines[Deadline]
