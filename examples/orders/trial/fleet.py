"""The running system: a broker where there is one, and every service as a process of its own."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import msgspec

from ottla import Admin
from ottla.testing.process import BrokerProcess
from ottla_examples.orders.architectures import architecture_of
from ottla_examples.orders.architectures.part import Architecture
from ottla_examples.orders.process import Setting
from ottla_examples.orders.service import Surroundings
from ottla_examples.orders.topics import to_create
from ottla_examples.orders.traffic import Traffic
from ottla_examples.orders.trial.ports import free_ports

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
BROKER_CONFIGS: Final = {
    # A killed member's partitions are somebody else's after so long; Kafka's own 45 s are for large machines.
    "group.consumer.min.session.timeout.ms": 1000,
    "group.consumer.session.timeout.ms": 4000,
    "group.consumer.min.heartbeat.interval.ms": 200,
    "group.consumer.heartbeat.interval.ms": 500,
}


class ServiceFailedError(RuntimeError):
    """A service did not start. The text ends with what it said."""


class Fleet:
    """`async with Fleet(…) as fleet:` everything runs."""

    def __init__(
        self, directory: Path, architecture: str, *, repricing: bool, surroundings: Surroundings
    ) -> None:
        self.architecture: Architecture = architecture_of(architecture, repricing=repricing)
        self.directory = directory
        self.traffic: dict[str, Traffic] = {service: Traffic() for service in self.architecture.services}
        """What each service did before it was killed; `health` adds what it has done since."""
        services = self.architecture.services
        self._ports = dict(zip(services, free_ports(len(services)), strict=True))
        self._setting: dict[str, Any] = {
            "architecture": architecture,
            "repricing": repricing,
            "surroundings": surroundings,
        }
        self._broker: BrokerProcess | None = None
        self._running: dict[str, Process] = {}
        self._http = httpx2.AsyncClient(timeout=5, trust_env=False)

    @property
    def bootstrap_servers(self) -> str:
        """Where the broker is; empty where there is none."""
        return self._broker.bootstrap_servers if self._broker is not None else ""

    def url(self, service: str) -> str:
        """Of its HTTP edge."""
        return f"http://127.0.0.1:{self._ports[service]}"

    async def __aenter__(self) -> Self:
        try:
            if self.architecture.has_events:
                self._broker = BrokerProcess(
                    self.directory / "broker", port=free_ports(1)[0], configs=BROKER_CONFIGS
                )
                await asyncio.to_thread(self._broker.start)
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

    async def start(self, service: str) -> None:
        """Returns when it answers. Raises ServiceFailedError."""
        setting = Setting(
            service=service,
            directory=str(self.directory),
            ports=self._ports,
            bootstrap_servers=self.bootstrap_servers,
            **self._setting,
        )
        command = [
            sys.executable,
            "-m",
            "ottla_examples.orders.process",
            msgspec.json.encode(setting).decode(),
        ]
        with self.log(service).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=log, start_new_session=True
            )
        self._running[service] = process
        assert process.stdout is not None
        try:
            said = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        except TimeoutError:
            said = b""
        if said != b"ready\n":
            text = self.log(service).read_text()[-2000:]
            raise ServiceFailedError(f"{service} did not start; it said:\n{text}")

    def log(self, service: str) -> Path:
        """What it complains about."""
        return self.directory / f"{service}.log"

    async def kill(self, service: str) -> None:
        """kill -9."""
        self.traffic[service].add(await self._traffic_of(service))
        process = self._running.pop(service)
        process.kill()
        await process.wait()

    async def restart_broker(self) -> None:
        """kill -9, and start it again at once."""
        assert self._broker is not None
        await asyncio.to_thread(self._broker.kill)
        await asyncio.to_thread(self._broker.start)

    async def health(self, service: str) -> dict[str, Any]:
        """What the service says of itself. Raises httpx2.HTTPError."""
        response = await self._http.get(f"{self.url(service)}/health")
        health: dict[str, Any] = response.raise_for_status().json()
        return health

    async def totals(self) -> dict[str, int]:
        """Orders by state. Raises httpx2.HTTPError."""
        response = await self._http.get(f"{self.url('orders')}/totals")
        totals: dict[str, int] = response.raise_for_status().json()
        return totals

    async def post(self, service: str, path: str) -> None:
        """Ask a service for something of no interest to buyers. Raises httpx2.HTTPError."""
        (await self._http.post(f"{self.url(service)}{path}")).raise_for_status()

    async def seen(self) -> dict[str, Traffic]:
        """What each service really called, read and wrote."""
        seen = {service: Traffic() for service in self.traffic}
        for service, traffic in self.traffic.items():
            seen[service].add(traffic)
            seen[service].add(await self._traffic_of(service))
        return seen

    def died(self) -> list[str]:
        """Services that ended without being told to."""
        return [service for service, process in self._running.items() if process.returncode is not None]

    async def _traffic_of(self, service: str) -> Traffic:
        try:
            return msgspec.convert((await self.health(service))["traffic"], Traffic)
        except httpx2.HTTPError:
            return Traffic()

    async def _stop(self) -> None:
        """Everybody at once; the broker last, so that everybody can say good-bye."""
        await asyncio.gather(*(_end(process) for process in self._running.values()))
        if self._broker is not None:
            await asyncio.to_thread(self._broker.close)
        await self._http.aclose()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
