"""What all connections of one server have in common."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ottla.net.complaints import Complaints
from ottla.net.frames import ReadBuffer
from ottla.net.memory import RequestMemory
from ottla.net.peer import Peer
from ottla.net.replies import Reply
from ottla.net.tasks import cancel_after_start
from ottla.wire.types import Buffer

if TYPE_CHECKING:
    from ottla.net.channel import Channel

Respond = Callable[[Buffer, Peer], Coroutine[Any, Any, Reply]]
"""Answers one frame with the parts of its reply, without the size; None when no reply is sent. `rest_of` in
ottla.net.tasks says what its first step must not do."""


@dataclass(slots=True)
class Traffic:
    """What went through a server since its start."""

    received_bytes: int = 0
    sent_bytes: int = 0
    requests: int = 0


@dataclass(slots=True)
class Shared:
    """Handed to every channel; `lost` is told when one's connection is gone."""

    respond: Respond
    max_request_bytes: int
    complaints: Complaints
    lost: "Callable[[Channel], None]"
    memory: RequestMemory | None = None
    read_buffer: ReadBuffer = field(default_factory=ReadBuffer)
    traffic: Traffic = field(default_factory=Traffic)
    dropped: set[asyncio.Task[None]] = field(default_factory=set)
    """Requests that were cancelled because their connection went, and have not ended yet."""

    def drop(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel requests whose replies nobody will get, and remember them until they have ended."""
        for task in tasks:
            self.dropped.add(task)
            task.add_done_callback(self.dropped.discard)
            cancel_after_start(task)
