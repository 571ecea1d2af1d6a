"""Serves the page, pushes what it shows (server-sent events), and takes what somebody asks for who looks at it."""

import asyncio
import math
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ottla import KafkaError
from ottla_examples.orders.services.dead_letters import replay
from ottla_examples.orders.trial.faults import FAULTS
from ottla_examples.orders.trial.page.watch import Watch

EVERY_SECONDS: Final = 0.5
ASKED_FOR_SECONDS: Final = 20.0
"""How long a fault lasts that somebody asks for."""
FILES: Final = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "map.js": "text/javascript",
}


class Page:
    """Of one trial. What changes anything is PUT, which no other site's page may send here."""

    def __init__(self, watch: Watch, group: asyncio.TaskGroup) -> None:
        self.is_over = False
        self._watch = watch
        self._group = group
        self._looking = asyncio.Lock()
        self._looked_at = -math.inf
        self._seen = b""

    def routes(self) -> list[Route]:
        """All its paths."""
        return [
            Route("/stream", self.stream),
            Route("/faults/{fault}", self.inflict, methods=["PUT"]),
            Route("/dead-letters", self.put_back, methods=["PUT"]),
            Route("/{name}", self.show),
            Route("/", self.show),
        ]

    async def show(self, request: Request) -> Response:
        """A file of the page."""
        name = request.path_params.get("name", "index.html")
        if name not in FILES:
            return Response(status_code=404)
        return Response(files(__package__).joinpath(name).read_bytes(), media_type=FILES[name])

    async def stream(self, request: Request) -> Response:
        """What it shows, as often as somebody can look."""

        async def events() -> AsyncIterator[bytes]:
            while not self.is_over and not await request.is_disconnected():
                yield b"data: " + await self._latest() + b"\n\n"
                await asyncio.sleep(EVERY_SECONDS)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _latest(self) -> bytes:
        """One look for all who watch."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() > self._looked_at + EVERY_SECONDS / 2:
                self._seen = msgspec.json.encode(await self._watch.look())
                self._looked_at = loop.time()
        return self._seen

    async def inflict(self, request: Request) -> Response:
        """Break something for a while, unless something is broken already."""
        fault, trouble = request.path_params["fault"], self._watch.trouble
        if fault not in FAULTS:
            return Response(status_code=404)
        if trouble.now is not None or trouble.is_over:
            return Response(status_code=409)
        self._group.create_task(trouble.inflict(fault, ASKED_FOR_SECONDS))
        return Response(status_code=202)

    async def put_back(self, _request: Request) -> Response:
        """Dead letters, to where they came from."""
        try:
            await replay(self._watch.fleet.bootstrap_servers)
        except KafkaError:
            return Response(status_code=503)
        return Response(status_code=204)


def listen(port: int) -> socket.socket:
    """For the page, before anything else is started. Raises OSError for a port that cannot be had; 0: any."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        why = (
            f"the page cannot have port {port} ({os.strerror(error.errno or 0)}); --page-port chooses another"
        )
        raise OSError(error.errno, why) from None


@asynccontextmanager
async def serve_page(watch: Watch, listening: socket.socket) -> AsyncIterator[None]:
    """As long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        page = Page(watch, group)
        config = uvicorn.Config(
            Starlette(routes=page.routes()), http="h11", ws="none", lifespan="off", log_level="warning",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = group.create_task(_serve(server, listening))
        try:
            yield
        finally:
            page.is_over = True
            server.should_exit = True
            await serving


async def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    """Without its handlers of signals: Ctrl-C is the runner's."""
    await server._serve([listening])  # noqa: SLF001 - what serve() does after it has caught the signals
