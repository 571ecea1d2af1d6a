"""The order of one transactional id's Produce requests, while the coordinator is asked about them.

A request with batches for a new partition of the transaction waits for the coordinator; one behind it, for partitions
that need no question, would overtake it, and its batches be refused as out of order. So requests of one transactional
id are admitted one after the other, as they came. Whoever is admitted appends without waiting for anything more.
"""

import asyncio
from dataclasses import dataclass, field

from ottla.broker.admission import Admission, TransactionGate, admit
from ottla.broker.partitions import Partitions
from ottla.wire.messages.produce import ProduceRequest


@dataclass(slots=True)
class _Line:
    """Of one transactional id. A lock is given to who waits in the order in which they came."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0


class AdmissionLines:
    """One line for each transactional id that has a request under way."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    async def admit(
        self, gate: TransactionGate, partitions: Partitions, request: ProduceRequest, version: int
    ) -> Admission:
        """What `admission.admit` gives and raises, when it is this request's turn.

        The next one's turn comes in a later step of the loop: after what this one appends at once.
        """
        transactional_id = request.transactional_id
        assert transactional_id is not None
        line = self._lines.setdefault(transactional_id, _Line())
        line.requests += 1
        try:
            async with line.turn:
                return await admit(gate, partitions, request, version)
        finally:
            line.requests -= 1
            if not line.requests:
                del self._lines[transactional_id]
