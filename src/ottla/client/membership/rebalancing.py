"""Carries out what the group decides: starts and stops reading, commits, and awaits the application's hooks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.fetcher import Fetcher
from ottla.client.consuming.locator import Locator
from ottla.client.consuming.positions import Place, Positions
from ottla.client.consuming.reading import Reading
from ottla.client.consuming.subscription import Hook, Hooks
from ottla.client.membership.machine import Partitions
from ottla.core.errors import KafkaError

_log = logging.getLogger("ottla.client")


class Rebalancing:
    """The application's side of a group membership (`group_member.Application`).

    What is revoked is given up in this order: nothing more of it is handed out; the application finishes what it has
    in hand; that is committed; its hooks run; then the group is told. Unless it is overtaken: then there is nothing to
    wait for, and nothing that could still be committed.
    """

    def __init__(
        self,
        positions: Positions,
        fetcher: Fetcher,
        locator: Locator,
        reading: Reading,
        hooks: Hooks,
        commit: Callable[[Iterable[Place]], Awaitable[None]],
    ) -> None:
        self._positions = positions
        self._fetcher = fetcher
        self._locator = locator
        self._reading = reading
        self._hooks = hooks
        self._commit = commit
        self.count = 0
        """How many changes there have been."""

    @property
    def is_here(self) -> bool:
        return self._reading.shows_life()

    async def assigned(self, partitions: Partitions) -> None:
        self._positions.add(partitions, held_back=True)
        self._locator.wake()  # a hook may ask for a position, or wait for one that it seeks
        await self._call(self._hooks.assigned, partitions)
        for place in self._positions.all_of(partitions):
            place.held_back = False
        self.count += 1
        self._locator.wake()
        self._fetcher.queue.resumed()

    async def revoked(self, partitions: Partitions, overtaken: asyncio.Event) -> None:
        places = self._hold_back(partitions)
        await self._returned(places, overtaken)
        if overtaken.is_set():
            self._reading.lose(places)
        else:
            await self._commit(places)
        hooks = self._hooks.when_lost if overtaken.is_set() else self._hooks.revoked
        await self._call(hooks, partitions)
        self._give_up(partitions)

    async def lost(self, partitions: Partitions) -> None:
        self._reading.lose(self._hold_back(partitions))
        await self._call(self._hooks.when_lost, partitions)
        self._give_up(partitions)

    def failed(self, error: KafkaError) -> None:
        self._reading.source.fail(error, for_good=True)

    def _hold_back(self, partitions: Partitions) -> list[Place]:
        places = self._positions.all_of(partitions)
        for place in places:
            place.held_back = True
        self._reading.stop(places)
        return places

    async def _returned(self, places: list[Place], overtaken: asyncio.Event) -> None:
        """Until nothing is in hand any more, or that does not matter any more."""
        waits = [
            asyncio.ensure_future(self._reading.returned(places)),
            asyncio.ensure_future(overtaken.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _call(self, hooks: list[Hook], partitions: frozenset[TopicPartition]) -> None:
        try:
            await self._hooks.call(hooks, partitions)
        except Exception as error:  # noqa: BLE001 - the application's own; its next read raises it
            self._reading.source.fail(error)
            if self._reading.source.is_closed:
                _log.warning("a hook failed while its consumer was closed: %r", error)

    def _give_up(self, partitions: Partitions) -> None:
        self._positions.remove(partitions)
        self.count += 1
        self._fetcher.queue.resumed()
