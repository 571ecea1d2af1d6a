"""The live page: orders flowing, lag and latency, pushed to a browser as they change (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

import httpx2
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from ottla import Admin, KafkaError
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.lag import lag
from ottla_examples.orders.trial.load import Load
from ottla_examples.orders.trial.measure import seen_by_buyers

EVERY_SECONDS: Final = 0.5
LATELY_SECONDS: Final = 10.0


class Watch:
    """Looks at everything again and again."""

    def __init__(self, fleet: Fleet, load: Load) -> None:
        self.snapshot: dict[str, Any] = {}
        self._fleet = fleet
        self._load = load
        self._is_over = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.snapshot = await self._look()
            await asyncio.sleep(EVERY_SECONDS)

    async def _look(self) -> dict[str, Any]:
        since_s = self._load.elapsed_s() - LATELY_SECONDS
        lately = seen_by_buyers([purchase for purchase in self._load.purchases if purchase.at_s >= since_s])
        snapshot = {**self.snapshot, "architecture": self._fleet.architecture.name}
        snapshot["orders_a_second"] = round(lately.orders / LATELY_SECONDS, 1)
        snapshot["failed"] = lately.failed
        snapshot["p50_ms"], snapshot["p99_ms"] = round(lately.p50_ms, 1), round(lately.p99_ms, 1)
        try:
            snapshot["totals"] = await self._fleet.totals()
            if self._fleet.architecture.has_events:
                async with Admin(self._fleet.bootstrap_servers) as admin:
                    snapshot["lag"] = await lag(admin, self._fleet.architecture)
        except (httpx2.HTTPError, KafkaError):
            pass  # somebody is down; the rest of the page stays as it was
        return snapshot

    async def show(self, _request: Request) -> Response:
        """The page itself."""
        return HTMLResponse(files(__package__).joinpath("page.html").read_text())

    async def stream(self, request: Request) -> Response:
        """What the page draws."""

        async def events() -> AsyncIterator[bytes]:
            while not self._is_over and not await request.is_disconnected():
                yield b"data: " + msgspec.json.encode(self.snapshot) + b"\n\n"
                await asyncio.sleep(EVERY_SECONDS)

        return StreamingResponse(events(), media_type="text/event-stream")

    def end(self) -> None:
        """Let browsers go."""
        self._is_over = True


@asynccontextmanager
async def serve_page(fleet: Fleet, load: Load, port: int) -> AsyncIterator[str]:
    """Where to look, as long as the block lasts."""
    watch = Watch(fleet, load)
    app = Starlette(routes=[Route("/", watch.show), Route("/stream", watch.stream)])
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, http="h11", ws="none", lifespan="off", log_level="warning",
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run())
        serving = group.create_task(_serve(server))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            watch.end()
            watching.cancel()
            server.should_exit = True
            await serving


async def _serve(server: uvicorn.Server) -> None:
    """Without its handlers of signals: Ctrl-C is the runner's."""
    await server._serve()  # noqa: SLF001 - what serve() does after it has caught the signals
