"""What every service is: a database, requests that it answers, events that it reacts to.

A method says beside its name what it is for. The same method can do both, since an event asks for the same work
whether it is told in a topic or posted in a request; what comes of it is an event again:

    @answers("/reservations")
    @reacts(OrderCreated)
    async def reserve(self, order: OrderCreated) -> Event: ...
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar, TypeVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from ottla_examples.orders.calls import Calls
from ottla_examples.orders.database import Database
from ottla_examples.orders.domain.events import Event
from ottla_examples.orders.domain.order import TIMEOUT_MS

Reaction = Callable[[Any], Awaitable[Event | None]]
Page = Callable[[Request], Awaitable[Response]]
MethodT = TypeVar("MethodT", bound=Callable[..., Awaitable[Any]])


def reacts(*kinds: type[Event]) -> Callable[[MethodT], MethodT]:
    """The method is called with every event of these kinds, in the topics that the service reads."""
    return _marked("reacts_to", kinds)


def answers(path: str) -> Callable[[MethodT], MethodT]:
    """The method is called with the event that is posted there, and gives the one to answer with."""
    return _marked("answers_at", path)


def serves(method: str, path: str) -> Callable[[MethodT], MethodT]:
    """The method is called with the HTTP request."""
    return _marked("serves_at", (method, path))


class Surroundings(Struct, frozen=True):
    """What is different from run to run."""

    smtp_port: int = 25
    """Of the mail server, on this machine."""
    timeout_ms: int = TIMEOUT_MS
    """How long an order may stay placed."""


class Service:
    """One of the services."""

    name: ClassVar[str]
    schema: ClassVar[str]
    """The tables of its database."""

    def __init__(self, database: Database, calls: Calls, surroundings: Surroundings) -> None:
        self.database = database
        self.calls = calls
        self.surroundings = surroundings

    def open(self) -> None:
        """Before the first request or event, after every start."""

    async def work(self) -> None:
        """What it does of its own accord, for ever; cancelled at the end."""

    def reactions(self) -> dict[type[Event], Reaction]:
        """By the kind of event."""
        return {kind: method for method, kinds in self._methods("reacts_to") for kind in kinds}

    def answered(self) -> dict[str, Reaction]:
        """By path."""
        return {path: method for method, path in self._methods("answers_at")}

    def served(self) -> dict[tuple[str, str], Page]:
        """By HTTP method and path."""
        return {place: method for method, place in self._methods("serves_at")}

    def _methods(self, mark: str) -> Iterator[tuple[Any, Any]]:
        for name in dir(type(self)):
            function = getattr(type(self), name)
            if hasattr(function, mark):
                yield getattr(self, name), getattr(function, mark)


def _marked(mark: str, what: object) -> Callable[[MethodT], MethodT]:
    def decorate(method: MethodT) -> MethodT:
        setattr(method, mark, what)
        return method

    return decorate
