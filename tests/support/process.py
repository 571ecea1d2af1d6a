"""A broker in a process of its own: started, stopped, killed, restarted. Two kinds share this face.

`OttlaBroker` (tests/support/ottla.py) is the broker under test; `ApacheBroker` (tests/support/apache.py)
is the reference that the same tests must pass on.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.wire import RawConnection

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 60.0
PORTS = (20_000, 32_000)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody holds now; kept over restarts so that clients come back.

    Below the kernel's ephemeral ports: while a broker is down, no other connection may be given its port, not even
    a client's own, which would then be connected to itself.
    """
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class BrokerProcess(ABC):
    """One broker on 127.0.0.1. `directory` holds its log of what it prints and, in `data`, what it stores."""

    kind: str
    clean_exit = 0
    """The exit code after SIGTERM, when all is well."""

    def __init__(
        self, directory: Path, settings: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.directory = directory
        self.settings = dict(settings or {})
        self.port = port or free_port()
        self.data = directory / "data"
        self.output = directory / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that serves."""

    def prepare(self) -> None:  # noqa: B027 (a kind without a preparation step needs none)
        """What must happen once before the first start."""

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start the process without waiting for it to serve."""
        self.prepare()
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(), stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def start(self) -> Self:
        """Start and return once the broker answers; fails with the end of its log when it cannot."""
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.answers():
            if not self.running:
                raise RuntimeError(f"{self.kind} ended with {self.wait_end()} at start:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind} does not answer on {self.bootstrap}:\n{self.log_tail()}")
            time.sleep(0.01)

    def answers(self) -> bool:
        """Whether a Metadata request is answered with a live broker in it."""
        try:
            with RawConnection(self.port, timeout=5) as connection:
                return bool(connection.metadata([]).brokers)
        except (OSError, EOFError):
            return False

    def wait_end(self, timeout: float = STOP_TIMEOUT_SECONDS) -> int:
        """Exit code, once the process has ended by itself."""
        assert self._process is not None, "not started"
        return self._process.wait(timeout)

    def signal(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    def stop(self) -> int:
        """Clean stop: SIGTERM, then wait. Returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_end()

    def kill(self) -> None:
        """kill -9, then wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait_end()

    def restart(self) -> Self:
        """A clean stop when it runs, then a start on the same port and data. Fails when the stop was not clean."""
        if self.running:
            status = self.stop()
            assert status == self.clean_exit, f"{self.kind} stopped with {status}:\n{self.log_tail(40)}"
        return self.start()

    def close(self) -> None:
        """End the process for good, with little ceremony."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.wait_end()

    def log_lines(self) -> list[str]:
        """Everything it has printed, over all its starts."""
        return self.output.read_text(errors="replace").splitlines() if self.output.exists() else []

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.log_lines()[-lines:])

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
