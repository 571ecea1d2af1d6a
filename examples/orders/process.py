"""One service as a process: its database, its HTTP edge, its place among the topics.

    python -m ottla_examples.orders.process '{"part": {"service": "shipping", …}, …}'

It says `ready` on stdout, and ends with SIGTERM or when whoever started it is gone (its stdin ends).
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette

from ottla import Consumer, DeadLetter, Producer, Record, Retry
from ottla.core.errors import BrokerError
from ottla_examples.orders.architectures.part import Part
from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import Event
from ottla_examples.orders.edge import edge
from ottla_examples.orders.outbox import Outbox
from ottla_examples.orders.service import Service, Surroundings
from ottla_examples.orders.services import SERVICES
from ottla_examples.orders.topics import DEAD_LETTERS, TOPICS
from ottla_examples.orders.tracing import TRACE, TRACE_HEADER
from ottla_examples.orders.traffic import Traffic, count

ATTEMPTS: Final = Retry(attempts=6, backoff_ms=100, backoff_max_ms=1000, then=DeadLetter(DEAD_LETTERS.name))
"""For about three seconds, and whatever the attempts take; then somebody has to look at it."""

AGAIN_SECONDS: Final = 0.5
_log = logging.getLogger(__name__)

Job = Callable[[], Coroutine[Any, Any, None]]
"""What a service does beside answering requests; for ever."""


class Setting(msgspec.Struct, frozen=True):
    """Which service, what it may do, and where everything is."""

    part: Part
    directory: str
    ports: dict[str, int]
    """Of every service's HTTP edge."""
    bootstrap_servers: str = ""
    surroundings: Surroundings = Surroundings()


class AnnouncedServer(uvicorn.Server):
    """Says when it can be asked."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever started the process waits for that word."""
        await super().startup(sockets)
        print("ready", flush=True)


class Process:
    """One of them."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._part = setting.part
        self._traffic = Traffic()

    async def run(self) -> None:
        """Until it is told to end."""
        path = Path(self._setting.directory) / f"{self._part.service}.sqlite"
        kind = SERVICES[self._part.service]
        peers = {peer: f"http://127.0.0.1:{self._setting.ports[peer]}" for peer in self._part.calls}
        calls = Calls(peers, self._traffic)
        with Database(path, kind.schema, self._part.writes) as database:
            service = kind(database, calls, self._setting.surroundings)
            service.open()
            try:
                await self._serve(edge(service, database, self._traffic), self._jobs(service, database))
            finally:
                await calls.close()

    def _jobs(self, service: Service, database: Database) -> list[Job]:
        """What follows from its part, and from what it is."""
        jobs: list[Job] = [service.work, _end_with_parent]
        if self._part.writes:
            jobs.append(lambda: _once_there_is_a_broker(lambda: self._tell(service, database)))
        if self._part.reads:
            jobs.append(lambda: _once_there_is_a_broker(lambda: self._hear(service)))
        return jobs

    async def _tell(self, service: Service, database: Database) -> None:
        """Send what it has to tell. Raises BrokerError."""
        async with Producer(self._setting.bootstrap_servers, linger_ms=0) as producer:
            await Outbox(service.name, database, producer, self._traffic).run()

    async def _hear(self, service: Service) -> None:
        """React to what others tell, again from where it stopped. Raises BrokerError."""
        consumer: Consumer[str, Event] = Consumer(
            *(TOPICS[name] for name in self._part.reads),
            bootstrap_servers=self._setting.bootstrap_servers,
            group_id=service.name,
            auto_offset_reset="earliest",
            auto_commit_interval_ms=500,
        )
        async with consumer:
            await consumer.run(self._reacting(service), on_error=ATTEMPTS, concurrency="key")

    def _reacting(self, service: Service) -> Callable[[Record[str, Event]], Awaitable[None]]:
        reactions = service.reactions()

        async def react(record: Record[str, Event]) -> None:
            TRACE.set((dict(record.headers).get(TRACE_HEADER) or b"").decode())
            reaction = reactions.get(type(record.value))
            if reaction is not None:
                await reaction(record.value)
            count(self._traffic.read, record.topic)

        return react

    async def _serve(self, app: Starlette, jobs: list[Job]) -> None:
        """HTTP until the end, the jobs beside it."""
        port = self._setting.ports[self._part.service]
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, http="h11", ws="none", lifespan="off", log_level="warning",
            access_log=False, timeout_graceful_shutdown=2,
        )  # fmt: skip
        server = AnnouncedServer(config)
        signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it once more when it has stopped
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job()) for job in jobs]
            await server.serve()
            for task in tasks:
                task.cancel()


async def _once_there_is_a_broker(job: Job) -> None:
    """Meanwhile the service answers requests, and what it has to tell waits in its outbox."""
    while True:
        try:
            return await job()
        except BrokerError as error:
            _log.warning("%s", error)
            await asyncio.sleep(AGAIN_SECONDS)


async def _end_with_parent() -> None:
    """The pipe on stdin ends when the process at its other end does; then nobody is left to say good-bye to."""
    reader = asyncio.StreamReader()
    protocol: Any = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()
    os._exit(1)  # as good as kill -9, which a service survives


def main(arguments: list[str]) -> None:
    """Run the service that the one argument describes."""
    setting = msgspec.json.decode(arguments[0], type=Setting)
    logging.basicConfig(
        level=logging.WARNING, format=f"{setting.part.service}: %(levelname)s %(name)s: %(message)s"
    )
    asyncio.run(Process(setting).run())


if __name__ == "__main__":
    main(sys.argv[1:])
