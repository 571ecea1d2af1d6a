"""One run: clients at work, trouble for a while, then peace; and what must be true in the end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from tests.compat.chaos.client import PARTITIONS, Actor
from tests.compat.chaos.readers import KINDS, Group, Reader
from tests.compat.chaos.writers import TransactionalWriter, Writer

from ottla.client import Consumer, TopicPartition
from ottla.testing.history import check

STUCK_SECONDS = 45.0
"""Without a step forward, when all is well. Longer than sessions and rebalances last."""
LEVELS = ("read_committed", "read_uncommitted")


class Place(Protocol):
    """Where the clients find brokers, and trouble."""

    @property
    def bootstrap_servers(self) -> str: ...

    async def create_topic(self, name: str, partitions: int) -> None: ...

    async def heal(self) -> None:
        """No trouble any more."""


PlaceT = TypeVar("PlaceT", bound=Place)


class Trial(Generic[PlaceT]):
    """`await disturb(…)`, then `await finish()`."""

    def __init__(self, place: PlaceT, topic: str, seed: int) -> None:
        self.place, self.topic = place, topic
        self.random = random = Random(seed)
        self.story: list[str] = []
        self._began = time.monotonic()
        servers = place.bootstrap_servers
        self.writers: list[Writer] = [
            Writer("idempotent 0", servers, topic, random),
            Writer("idempotent 1", servers, topic, random),
            TransactionalWriter("transactional-0", servers, topic, random),
            TransactionalWriter("transactional-1", servers, topic, random),
        ]
        self.groups = [Group(kind, servers, topic, random, random.choice(LEVELS)) for kind in KINDS]
        self.loners = [
            Reader(f"loner {level}", servers, topic, random, {"isolation_level": level}) for level in LEVELS
        ]
        self._leaving: list[asyncio.Task[None]] = []
        self.loop_problems: list[str] = []
        self._before = asyncio.all_tasks()
        asyncio.get_running_loop().set_exception_handler(self._note_loop_problem)

    def _note_loop_problem(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        self.loop_problems.append(repr(dict(context)))

    def note(self, what: str) -> None:
        self.story.append(f"{time.monotonic() - self._began:7.3f} {what}")

    # Trouble

    async def disturb(
        self, seconds: float, troubles: Sequence[Callable[[PlaceT, Random], Awaitable[None]]]
    ) -> None:
        """Everybody is at work, and one thing after another happens to them."""
        await self.place.create_topic(self.topic, PARTITIONS)
        for actor in (*self.writers, *self.loners):
            actor.start()
        for group in self.groups:
            group.join(), group.join()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            trouble = self.random.choice(troubles)
            self.note(trouble.__name__)
            if self.random.random() < 0.5:
                self._come_or_go()
            await trouble(self.place, self.random)
            await self.place.heal()
            await asyncio.sleep(self.random.uniform(0, 0.6))
            self._check_alive()
        self.note("peace")

    def _come_or_go(self) -> None:
        group = self.random.choice(self.groups)
        if len(group.members) < 2 or (len(group.members) < 4 and self.random.random() < 0.5):
            self.note(f"{group.join().name} joins")
        else:
            self._leaving.append(asyncio.ensure_future(self._leave(group)))

    async def _leave(self, group: Group) -> None:
        reader = self.random.choice(group.members)
        self.note(f"{reader.name} leaves")
        await group.leave(reader)
        self.note(f"{reader.name} has left")

    def _check_alive(self) -> None:
        for actor in self._actors():
            assert actor.task is not None
            if actor.task.done() and not actor.task.cancelled():
                actor.task.result()

    def _actors(self) -> list[Actor]:
        return [*self.writers, *self.loners, *(member for group in self.groups for member in group.members)]

    # The end

    async def finish(self) -> None:
        """All is well: everybody comes to the end, closes, and tells the truth."""
        await asyncio.gather(*self._leaving, *(writer.finish() for writer in self.writers))
        self.note("everything is written")
        for reader in (*self.loners, *(member for group in self.groups for member in group.members)):
            reader.hurries = True
        await self._read_to_the_end(await self._ends())
        self.note("everything is read")
        for group in self.groups:
            for member in list(group.members):
                await group.leave(member)
        for loner in self.loners:
            await loner.leave()
        self.note("everybody has left")
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == self._before, "tasks are left"
        assert self.loop_problems == []
        self._compare()

    async def _ends(self) -> dict[TopicPartition, int]:
        async with Consumer(bootstrap_servers=self.place.bootstrap_servers) as consumer:
            return await consumer.end_offsets(await consumer.partitions_for(self.topic))

    async def _read_to_the_end(self, ends: Mapping[TopicPartition, int]) -> None:
        before: dict[str, dict[TopicPartition, int] | None] = {}
        since = time.monotonic()
        while behind := self._behind(ends):
            if behind != before:
                since = time.monotonic()
            if behind.keys() != before.keys():
                self.note(f"not at the end: {', '.join(behind)}")
            before = behind
            assert time.monotonic() < since + STUCK_SECONDS, f"stuck before {ends}: {behind}"
            self._check_alive()
            await asyncio.sleep(0.05)

    def _behind(self, ends: Mapping[TopicPartition, int]) -> dict[str, dict[TopicPartition, int] | None]:
        """Who is not at the end yet, and where."""
        readers = {group.kind: group.offsets() for group in self.groups}
        readers |= {loner.name: loner.offsets() for loner in self.loners}
        return {name: offsets for name, offsets in readers.items() if offsets != dict(ends)}

    def _compare(self) -> None:
        readers = [*self.loners, *(reader for group in self.groups for reader in group.everybody)]
        actors: list[Actor] = [*self.writers, *readers]
        events = [event for actor in actors for event in actor.recorder.events]
        assert [str(finding) for finding in check(events)] == []
        assert [problem for writer in self.writers for problem in writer.problems] == []
        kept = set().union(*(writer.kept for writer in self.writers))
        assert kept
        for name, seen in self._seen().items():
            assert sorted(kept - seen)[:10] == [], f"{name} never saw these"

    def _seen(self) -> dict[str, set[str]]:
        return {group.kind: group.seen for group in self.groups} | {
            loner.name: loner.seen for loner in self.loners
        }

    async def end(self) -> None:
        """Whoever still runs, after a failure, ends while there is a broker to say goodbye to."""
        left = asyncio.all_tasks() - self._before
        for task in left:
            task.cancel()
        await self.place.heal()
        await asyncio.gather(*left, return_exceptions=True)

    def told(self) -> str:
        """Who did what to whom."""
        return "\n".join(self.story)
