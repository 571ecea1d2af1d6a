"""A service's HTTP edge: what it answers, and what can be seen of it."""

from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ottla_examples.orders.calls import UnavailableError
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import decode, encode
from ottla_examples.orders.service import Page, Reaction, Service
from ottla_examples.orders.tracing import HTTP_HEADER, TRACE, new_trace
from ottla_examples.orders.traffic import Traffic


def edge(service: Service, database: Database, traffic: Traffic) -> Starlette:
    """All its paths."""
    routes = [
        Route(path, _traced(page), methods=[method]) for (method, path), page in service.served().items()
    ]
    routes += [
        Route(path, _traced(_answering(answer)), methods=["POST"])
        for path, answer in service.answered().items()
    ]

    async def show_health(_request: Request) -> Response:
        waiting = database.one("SELECT count(*) AS events FROM outbox")
        health = {"outbox": waiting and waiting["events"], "traffic": traffic}
        return Response(msgspec.json.encode(health), media_type="application/json")

    return Starlette(routes=[*routes, Route("/health", show_health)])


def _traced(page: Page) -> Page:
    async def serve(request: Request) -> Response:
        TRACE.set(request.headers.get(HTTP_HEADER) or new_trace())
        return await page(request)

    return serve


def _answering(reaction: Reaction) -> Page:
    """An event comes in, and the one that it leads to goes out."""

    async def answer(request: Request) -> Response:
        event: Any = decode(await request.body())
        try:
            made = await reaction(event)
        except UnavailableError as error:
            return JSONResponse({"error": str(error)}, 503)
        assert made is not None, "what answers requests has an answer"
        return Response(encode(made), media_type="application/json")

    return answer
