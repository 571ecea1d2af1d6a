"""Commits what the application has finished with: from time to time, before partitions are given up, and at the end."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from ottla.client.consuming.commits import Commits
from ottla.client.consuming.offset_messages import Offsets
from ottla.client.consuming.positions import Place, Positions
from ottla.client.consuming.reading import Reading
from ottla.client.membership.group_metadata import GroupMetadata
from ottla.core.errors import KafkaError

_log = logging.getLogger("ottla.client")


class Committing:
    """One commit at a time, so that a later one is never overtaken by an earlier one."""

    def __init__(
        self,
        commits: Commits,
        positions: Positions,
        reading: Reading,
        member: Callable[[], GroupMetadata],
        *,
        automatic: bool,
        interval_ms: int,
    ) -> None:
        self._commits = commits
        self._positions = positions
        self._reading = reading
        self._member = member
        self._automatic = automatic
        self._interval_ms = interval_ms
        self._one = asyncio.Lock()

    async def commit(self, offsets: Offsets) -> None:
        """Store these. Raises KafkaError."""
        async with self._one:
            await self._commits.commit(offsets, self._member)
            self._positions.committed(offsets)

    async def finished(self, places: Iterable[Place] | None = None) -> None:
        """Store what is finished, of these places or of all, if that is to be done unasked. Failures are logged."""
        if not self._automatic:
            return
        self._reading.settle()
        offsets = self._positions.finished()
        if places is not None:
            wanted = {place.partition for place in places}
            offsets = {partition: at for partition, at in offsets.items() if partition in wanted}
        try:
            await self.commit(offsets)
        except KafkaError as error:
            _log.warning("%s", error)

    async def run(self) -> None:
        """Until cancelled."""
        while self._automatic:
            await asyncio.sleep(self._interval_ms / 1000)
            await self.finished()
