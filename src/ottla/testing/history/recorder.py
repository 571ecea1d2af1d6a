"""Writes a process's events down as they happen, so that they are there also when it is killed."""

from types import TracebackType
from typing import Self

from ottla.core.clock import Clock, SystemClock
from ottla.testing.history.events import Event, encode


class Recorder:
    """One process's events, in memory and, with a `path`, line by line in a file. Not for several threads.

    recorder.tell(SendBegan, value="7")        # before the request
    recorder.tell(SendAcknowledged, value="7", topic="t", partition=0, offset=12)        # after its answer
    """

    def __init__(self, process: str, path: str | None = None, clock: Clock | None = None) -> None:
        self.process = process
        self.events: list[Event] = []
        self._clock = clock or SystemClock()
        # Unbuffered: a line is the kernel's at once, and survives kill -9 of this process.
        self._file = open(path, "ab", buffering=0) if path is not None else None  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def tell(self, kind: type[Event], **particulars: object) -> None:
        """This happens now. Raises TypeError when the particulars are not that kind of event's."""
        at = int(self._clock.monotonic() * 1_000_000_000)
        event = kind(at=at, process=self.process, **particulars)
        self.events.append(event)
        if self._file is not None:
            self._file.write(encode(event).encode() + b"\n")
