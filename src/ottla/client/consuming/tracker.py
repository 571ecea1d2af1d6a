"""Which records of a partition are done, when they are worked on out of order. No I/O."""

from collections import deque

from ottla.client.consuming.positions import Place


class Tracker:
    """Of one place. Its `finished` never passes a record that is not done.

    Invariant: `finished` is the offset of the first record that is not done; without one, it is the position.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.running = 0
        self._offsets: deque[int] = deque()
        self._done: set[int] = set()

    def begin(self, offset: int) -> None:
        """A record that was handed out, in order of offsets."""
        assert not self._offsets or offset > self._offsets[-1], "offsets only grow"
        self._offsets.append(offset)

    def finish(self, offset: int) -> None:
        """It is done."""
        self._done.add(offset)
        while self._offsets and self._offsets[0] in self._done:
            self._done.discard(self._offsets.popleft())
        self.place.finished = self._offsets[0] if self._offsets else self.place.position

    def drop_rest(self) -> None:
        """Nothing of it runs, and nothing will: what is not done goes back."""
        assert not self.running, "something still runs"
        if self._offsets:
            self.place.finished = self._offsets[0]
        self.place.position = self.place.finished
        self._offsets.clear()
        self._done.clear()
