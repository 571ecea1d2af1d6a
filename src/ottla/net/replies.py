"""The order of replies: a request's place is taken when it starts, and its reply leaves when all before it
have."""

import asyncio
from collections import deque
from collections.abc import Sequence
from struct import Struct

from ottla.wire.types import Buffer

_SIZE = Struct(">i")

Reply = Sequence[Buffer] | None
"""The parts of a reply, without its size; None when the request gets none."""


class Slot:
    """One request's place."""

    __slots__ = ("ends", "held_bytes", "ready", "reply", "task")

    def __init__(self, held_bytes: int) -> None:
        self.held_bytes = held_bytes
        """Of the request until it is answered, of the reply from then on."""
        self.ready = False
        self.ends = False
        """Instead of a reply the connection closes here."""
        self.reply: Reply = None
        self.task: asyncio.Task[None] | None = None


class ReplyQueue:
    """The slots of one connection, oldest first."""

    __slots__ = ("_slots", "held_bytes")

    def __init__(self) -> None:
        self._slots: deque[Slot] = deque()
        self.held_bytes = 0

    def __len__(self) -> int:
        return len(self._slots)

    def wait(self, request_bytes: int) -> Slot:
        """A place for a request that is answered later, with `finish`."""
        slot = Slot(request_bytes)
        self._slots.append(slot)
        self.held_bytes += request_bytes
        return slot

    def add(self, reply: Reply) -> None:
        """A request that is answered already, behind others that are not."""
        self.finish(self.wait(0), reply)

    def add_end(self) -> None:
        """The connection closes after all that was added so far."""
        self.finish(self.wait(0), None, ends=True)

    def finish(self, slot: Slot, reply: Reply, *, ends: bool = False) -> bool:
        """Note the reply. True when it can leave now: nothing older is still to be answered."""
        slot.ready = True
        slot.reply = reply
        slot.ends = ends
        if not self._slots:  # dropped
            return False
        reply_bytes = parts_bytes(reply)
        self.held_bytes += reply_bytes - slot.held_bytes
        slot.held_bytes = reply_bytes
        return self._slots[0] is slot

    def take(self) -> tuple[list[Buffer], int, bool]:
        """All replies that can leave, framed: the parts, their bytes, and whether the connection ends
        there."""
        slots = self._slots
        parts: list[Buffer] = []
        size = 0
        while slots and slots[0].ready:
            slot = slots.popleft()
            self.held_bytes -= slot.held_bytes
            if slot.ends:
                return parts, size, True
            if slot.reply is not None:
                parts.append(_SIZE.pack(slot.held_bytes))
                parts += slot.reply
                size += slot.held_bytes + 4
        return parts, size, False

    def drop(self) -> list[asyncio.Task[None]]:
        """Forget all slots; the tasks that still work for one of them."""
        tasks = [slot.task for slot in self._slots if slot.task is not None and not slot.ready]
        self._slots.clear()
        self.held_bytes = 0
        return tasks


def parts_bytes(reply: Reply) -> int:
    """How long a reply is, without its size prefix."""
    return sum(map(len, reply)) if reply is not None else 0
