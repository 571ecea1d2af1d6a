"""A log directory as it is told to clients."""

from collections.abc import Sequence
from dataclasses import dataclass

from ottla.core.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class LogDirImage:
    """One log directory. `sizes` is bytes by (topic, partition); an offline directory has an error and no
    sizes.
    """

    path: str
    total_bytes: int
    usable_bytes: int
    sizes: Sequence[tuple[str, int, int]]
    error: ErrorCode = ErrorCode.NONE
