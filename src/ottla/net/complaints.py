"""Log lines about strangers, kept from flooding the log: the same complaint about the same host once in a
while."""

import logging
from collections.abc import Callable

from ottla.core.limits import SAME_LOG_LINE_SECONDS
from ottla.net.errors import CloseConnection, FrameError
from ottla.net.junk import looks_like
from ottla.net.peer import Peer

_log = logging.getLogger("ottla.net")
_MAX_KINDS = 1_000  # hosts and kinds remembered; beyond it the memory starts afresh and a line may come early


class Complaints:
    """Writes one line per kind and host in `SAME_LOG_LINE_SECONDS`, and says how many it left out."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def warn(self, kind: str, host: str, line: str) -> None:
        """Log `line` at WARNING, unless `kind` about `host` was logged moments ago."""
        self._write(logging.WARNING, kind, host, line, None)

    def closing(self, peer: Peer, error: Exception) -> None:
        """Say why a connection is closed: junk, a handler's order, or a handler that is broken."""
        host = peer.remote[0]
        if isinstance(error, FrameError):
            hint = looks_like(error.junk) or "is that a Kafka client? (socket.request.max.bytes)"
            self.warn("frame", host, f"{peer} closed: {error}; {hint}")
        elif isinstance(error, CloseConnection):
            self.warn(str(error), host, f"{peer} closed: {error}")
        else:
            kind = type(error).__name__
            self.error(kind, host, f"{peer} closed: a request failed: {kind}: {error}", error)

    def error(self, kind: str, host: str, line: str, cause: BaseException) -> None:
        """The same at ERROR; the stack of `cause` only where DEBUG is on, so that a line is a line."""
        self._write(logging.ERROR, kind, host, line, cause if _log.isEnabledFor(logging.DEBUG) else None)

    def _write(self, level: int, kind: str, host: str, line: str, cause: BaseException | None) -> None:
        now = self._now_s()
        since, left_out = self._last.get((kind, host), (now - SAME_LOG_LINE_SECONDS, 0))
        if now - since < SAME_LOG_LINE_SECONDS:
            self._last[kind, host] = since, left_out + 1
            return
        if len(self._last) >= _MAX_KINDS:
            self._last.clear()
        self._last[kind, host] = now, 0
        suffix = f" ({left_out} more like it since)" if left_out else ""
        _log.log(level, "%s%s", line, suffix, exc_info=cause)
