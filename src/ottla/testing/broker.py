"""A broker in the test's own process and loop: nothing starts faster, and a debugger sees both sides."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.development import DEVELOPMENT_DEFAULTS
from ottla.broker.config.settings import gather
from ottla.broker.main import Broker as RunningBroker
from ottla.core.clock import Clock
from ottla.testing.configs import config_values


class Broker:
    """`async with Broker(num_partitions=3) as broker:` a broker on a free port, gone at the end.

    Configs are given by keyword (`num_partitions=3` is `num.partitions`) or in `configs` by their own names;
    one that has no effect is a ValueError. Data goes to `directory`, else to a temporary one that is removed
    at the end. The port stays the same over restarts.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        port: int = 0,
        configs: Mapping[str, object] | None = None,
        clock: Clock | None = None,
        **named_configs: object,
    ) -> None:
        self.port = port
        self._texts = _checked(config_values(configs, named_configs))
        self._clock = clock
        self._temporary = tempfile.TemporaryDirectory(prefix="ottla-") if directory is None else None
        self.directory = Path(self._temporary.name if self._temporary else os.fspath(directory or ""))
        self._running: RunningBroker | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What a client is told."""
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._running is not None

    async def start(self) -> None:
        """Start it. Raises what the broker raises when it cannot."""
        if self._running is not None:
            raise RuntimeError(f"the broker already runs, on port {self.port}")
        listeners = f"PLAINTEXT://127.0.0.1:{self.port}"
        texts = {"listeners": listeners, "log.dirs": str(self.directory), **self._texts}
        self._running = await RunningBroker.start(BrokerConfig(texts), self._clock)
        [address, *_] = next(iter(self._running.listeners.values()))
        self.port = address[1]

    async def stop(self) -> None:
        """Stop it cleanly; nothing happens to one that does not run."""
        running, self._running = self._running, None
        if running is not None:
            await running.stop()

    async def restart(self) -> None:
        """Stop it, and start it on the same port and directory."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self._remove()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.stop()
        finally:
            self._remove()

    def _remove(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()


def _checked(texts: dict[str, str]) -> dict[str, str]:
    settings = gather(assignments=[f"{name}={value}" for name, value in texts.items()])
    if settings.warnings:
        raise ValueError("; ".join(settings.warnings))
    return {**DEVELOPMENT_DEFAULTS, **settings.texts}
