"""The running system: a broker where there is one, and every service as a process of its own."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import msgspec

from ottla import Admin
from ottla.testing.process import BrokerProcess
from ottla_examples.orders.architectures.part import Architecture
from ottla_examples.orders.process import Setting
from ottla_examples.orders.service import Surroundings
from ottla_examples.orders.topics import to_create
from ottla_examples.orders.traffic import Traffic
from ottla_examples.orders.trial.ports import free_ports
from ottla_examples.orders.trial.service_process import ServiceProcess

BROKER: Final = "broker"
LAST_LINES: Final = 20
BROKER_CONFIGS: Final = {
    # A killed member's partitions are somebody else's after so long; Kafka's own 45 s are for large machines.
    "group.consumer.min.session.timeout.ms": 1000,
    "group.consumer.session.timeout.ms": 4000,
    "group.consumer.min.heartbeat.interval.ms": 200,
    "group.consumer.heartbeat.interval.ms": 500,
}


class Fleet:
    """`async with Fleet(…) as fleet:` everything runs."""

    def __init__(self, directory: Path, architecture: Architecture, surroundings: Surroundings) -> None:
        self.architecture = architecture
        self._broker: BrokerProcess | None = None
        ports = free_ports(len(architecture.services) + 1)
        if architecture.has_events:
            self._broker = BrokerProcess(directory / BROKER, port=ports[-1], configs=BROKER_CONFIGS)
        self._ports = dict(zip(architecture.services, ports, strict=False))
        self._services = {
            part.service: ServiceProcess(
                Setting(part, str(directory), self._ports, self.bootstrap_servers, surroundings)
            )
            for part in architecture.parts
        }
        self._wanted: set[str] = set()
        """Those that were started, and not told to end since."""
        self._traffic = {service: Traffic() for service in architecture.services}
        """What each service did before it was killed."""
        self._http = httpx2.AsyncClient(timeout=5, trust_env=False)

    @property
    def bootstrap_servers(self) -> str:
        """Where the broker is; empty where there is none."""
        return self._broker.bootstrap_servers if self._broker is not None else ""

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of all that runs: the services, and the broker where there is one."""
        return (
            (*self.architecture.services, BROKER) if self._broker is not None else self.architecture.services
        )

    def url(self, service: str) -> str:
        """Of its HTTP edge."""
        return f"http://127.0.0.1:{self._ports[service]}"

    # Life and death

    async def __aenter__(self) -> Self:
        try:
            if self._broker is not None:
                await self.start(BROKER)
                async with Admin(self.bootstrap_servers) as admin:
                    (await admin.create_topics(to_create())).checked()
            await asyncio.gather(*(self.start(service) for service in self.architecture.services))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def start(self, name: str) -> None:
        """Returns when it answers. Raises ServiceFailedError, BrokerFailedError."""
        if name == BROKER:
            assert self._broker is not None
            await asyncio.to_thread(self._broker.start)
        else:
            await self._services[name].start()
        self._wanted.add(name)

    async def kill(self, name: str) -> None:
        """kill -9."""
        self._wanted.discard(name)
        if name == BROKER:
            assert self._broker is not None
            await asyncio.to_thread(self._broker.kill)
        else:
            self._traffic[name] = self._traffic[name].plus(await self._traffic_of(name))
            await self._services[name].kill()

    def is_running(self, name: str) -> bool:
        """Whether there is a process of that name."""
        if name == BROKER:
            return self._broker is not None and self._broker.running
        return self._services[name].is_running

    def ended_with(self, name: str) -> int | None:
        """The exit status of one that ended although nobody here told it to; None: it did not."""
        if name not in self._wanted:
            return None
        if name == BROKER:
            return None if self._broker is None else self._broker.exit_status
        return self._services[name].exit_status

    def last_words(self, name: str) -> str:
        """What it complained about last."""
        if name == BROKER:
            return "" if self._broker is None else "\n".join(list(self._broker.lines)[-LAST_LINES:])
        return self._services[name].last_words()

    async def _stop(self) -> None:
        """Everybody at once; the broker last, so that everybody can say good-bye."""
        self._wanted.clear()
        await asyncio.gather(*(service.stop() for service in self._services.values()))
        if self._broker is not None:
            await asyncio.to_thread(self._broker.close)
        await self._http.aclose()

    # Questions

    async def health(self, service: str) -> dict[str, Any]:
        """What the service says of itself. Raises httpx2.HTTPError."""
        return dict(await self._get(service, "/health"))

    async def totals(self) -> dict[str, int]:
        """Orders by state. Raises httpx2.HTTPError."""
        return dict(await self._get("orders", "/totals"))

    async def products(self) -> list[dict[str, Any]]:
        """What the catalogue shows, where there is one. Raises httpx2.HTTPError."""
        has_catalogue = "catalogue" in self.architecture.services
        return list(await self._get("catalogue", "/products")) if has_catalogue else []

    async def post(self, service: str, path: str) -> None:
        """Ask a service for something of no interest to buyers. Raises httpx2.HTTPError."""
        (await self._http.post(f"{self.url(service)}{path}")).raise_for_status()

    async def traffic(self) -> dict[str, Traffic]:
        """What each service really called, read and wrote, over all its lives."""
        found = await asyncio.gather(*(self._traffic_of(service) for service in self._traffic))
        return {
            service: before.plus(now)
            for (service, before), now in zip(self._traffic.items(), found, strict=True)
        }

    async def _traffic_of(self, service: str) -> Traffic:
        try:
            return msgspec.convert((await self.health(service))["traffic"], Traffic)
        except httpx2.HTTPError:
            return Traffic()

    async def _get(self, service: str, path: str) -> Any:  # noqa: ANN401 - JSON
        response = await self._http.get(f"{self.url(service)}{path}")
        return response.raise_for_status().json()
