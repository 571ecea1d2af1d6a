"""What a handler knows about the request besides its body."""

from dataclasses import dataclass


@dataclass(slots=True)
class Call:
    """One request as it came: which API and version, from whom, at which of our addresses."""

    api_key: int
    version: int
    correlation_id: int
    client_id: str | None
    peer: tuple[str, int]
    local: tuple[str, int]
    """The host and port that the client dialled: what Metadata advertises when no address is configured."""
    listener: str
