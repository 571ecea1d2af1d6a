"""What a service really calls, reads and writes: the diagrams are drawn from it."""

from msgspec import Struct, field

Tally = dict[str, int]


class Traffic(Struct):
    """Of one service since it started: how often."""

    called: Tally = field(default_factory=dict)
    """Service → requests to it."""
    read: Tally = field(default_factory=dict)
    """Topic → events from it."""
    wrote: Tally = field(default_factory=dict)
    """Topic → events to it."""

    def add(self, other: "Traffic") -> None:
        """Count the other's as well."""
        for mine, others in ((self.called, other.called), (self.read, other.read), (self.wrote, other.wrote)):
            for name, times in others.items():
                count(mine, name, times)


def count(tally: Tally, name: str, times: int = 1) -> None:
    """It happened so many times more."""
    tally[name] = tally.get(name, 0) + times
