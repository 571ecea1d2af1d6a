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

    def plus(self, other: "Traffic") -> "Traffic":
        """Both together."""
        return Traffic(
            called=_sum(self.called, other.called),
            read=_sum(self.read, other.read),
            wrote=_sum(self.wrote, other.wrote),
        )


def _sum(one: Tally, other: Tally) -> Tally:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def count(tally: Tally, name: str) -> None:
    """It happened once more."""
    tally[name] = tally.get(name, 0) + 1
