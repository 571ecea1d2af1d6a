"""A broker in a thread of the test's process: for blocking tests, there in milliseconds."""

import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ottla.client.sync.loop import LoopThread
from ottla.testing.broker import Broker
from ottla.testing.configs import config_values


class BrokerThread:
    """`with BrokerThread(num_partitions=3) as broker:` as `Broker`, for those who have no event loop.

    Its loop is its own: tests may block as long as they like.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        port: int = 0,
        configs: Mapping[str, object] | None = None,
        **named_configs: object,
    ) -> None:
        self._broker = Broker(directory, port=port, configs=config_values(configs, named_configs))
        self._loop: LoopThread | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What a client is told."""
        return self._broker.bootstrap_servers

    @property
    def port(self) -> int:
        """The same over restarts."""
        return self._broker.port

    @property
    def directory(self) -> Path:
        """Where its data is."""
        return self._broker.directory

    @property
    def running(self) -> bool:
        return self._broker.running

    def start(self) -> None:
        """Start it. Raises what the broker raises when it cannot."""
        self._run(self._broker.start())

    def stop(self) -> None:
        """Stop it cleanly; nothing happens to one that does not run."""
        self._run(self._broker.stop())

    def restart(self) -> None:
        """Stop it, and start it on the same port and directory."""
        self._run(self._broker.restart())

    def __enter__(self) -> Self:
        self._loop = LoopThread("broker")
        try:
            self._run(self._broker.__aenter__())
        except BaseException:
            self._loop.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        try:
            self._run(self._broker.__aexit__(kind, error, trace))
        finally:
            self._loop.stop()

    def _run(self, step: Coroutine[Any, Any, object]) -> None:
        if self._loop is None:
            step.close()
            raise RuntimeError("the broker has no thread yet: use it in a with block")
        self._loop.run(step)
