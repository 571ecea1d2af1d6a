"""Whether a log's directory is still its own.

Threads address files by path. When a topic is deleted and another one of the same name is made, the same paths are
somebody else's: what was queued before must neither write there nor return what it read there.
"""

from threading import Lock


class Presence:
    """One per log. `gone` is set before the directory loses its name, so who looks after reading is never deceived."""

    __slots__ = ("_lock", "gone")

    def __init__(self) -> None:
        self.gone = False
        self._lock = Lock()

    def leave(self) -> None:
        """The directory is about to be taken away. Waits for a write that has begun; such are short and not synced."""
        with self._lock:
            self.gone = True

    def __enter__(self) -> bool:
        """Keep the directory in its place meanwhile; whether it is there. Any thread."""
        self._lock.acquire()
        return not self.gone

    def __exit__(self, *_: object) -> None:
        self._lock.release()
