"""Who talks to whom. The services run by this, and cannot talk to anybody else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One service's place in an architecture."""

    service: str
    calls: tuple[str, ...] = ()
    """Services that it sends requests to."""
    reads: tuple[str, ...] = ()
    """Topics that it follows."""
    writes: tuple[str, ...] = ()
    """Topics that it tells in."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """All services' places."""

    name: str
    parts: tuple[Part, ...]

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(part.service for part in self.parts)

    @property
    def readers(self) -> dict[str, tuple[str, ...]]:
        """Service → the topics that it follows; none of those that follow nothing."""
        return {part.service: part.reads for part in self.parts if part.reads}

    @property
    def has_events(self) -> bool:
        """Whether there is a broker in the middle."""
        return any(part.reads or part.writes for part in self.parts)

    def with_part(self, part: Part) -> "Architecture":
        """One service more; nothing else changes."""
        return Architecture(self.name, (*self.parts, part))
