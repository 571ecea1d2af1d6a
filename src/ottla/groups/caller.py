"""Who sends a request, and what the machines may not make themselves."""

from dataclasses import dataclass

from ottla.core.decision import Ticket


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's sender."""

    ticket: Ticket
    version: int
    client_id: str = ""
    client_host: str = ""
    """As Kafka writes it: a slash and the address."""
    fresh_id: str = ""
    """The text of a UUID never used before; a new member's id is made from it. Needed by requests that join."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A request that waits for its reply."""

    ticket: Ticket
    version: int
