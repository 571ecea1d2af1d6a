"""A broker in a process of its own, for tests that kill it, restart it, or keep their loop to themselves."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ottla.testing.configs import config_values

_READY = re.compile(r"ready at (?P<host>\S+):(?P<port>\d+),")
_KEPT_LINES = 10_000
_STOP_SECONDS = 15.0

# Runs in the new process. Linux kills it when the thread that started it is gone, however that came about.
_LAUNCHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv.pop(1)):
    sys.exit("whoever started this broker is gone")
from ottla.cli.main import main
sys.exit(main())
"""


class BrokerFailedError(RuntimeError):
    """The process ended, or was not ready in time. The text ends with the last lines that it printed."""


class BrokerProcess:
    """`with BrokerProcess(num_partitions=3) as broker:` or `async with`; `ottla serve` on a free port.

    Configs are given by keyword (`num_partitions=3` is `num.partitions`) or in `configs` by their own names.
    Data goes to `directory`, else to a temporary one that is removed at the end. The port stays the same
    over restarts. The process is killed when the thread that started it ends (on Linux).
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        port: int = 0,
        configs: Mapping[str, object] | None = None,
        start_timeout: float = 30.0,
        **named_configs: object,
    ) -> None:
        self.port = port
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        """What it printed, stdout and stderr, over all its starts."""
        self._configs = config_values(configs, named_configs)
        self._start_timeout = start_timeout
        self._temporary = tempfile.TemporaryDirectory(prefix="ottla-") if directory is None else None
        self.directory = Path(self._temporary.name if self._temporary else os.fspath(directory or ""))
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._is_ready = False
        self._ready_or_ended = threading.Event()

    @property
    def bootstrap_servers(self) -> str:
        """What a client is told."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        if self._process is None:
            raise BrokerFailedError("the broker was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """None while it runs; minus the signal's number after a kill."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it and wait until it is ready. Raises BrokerFailedError."""
        self._spawn()
        self._wait_until_ready()

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; the exit status. One that does not end in time is killed."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """kill -9, and wait until it is gone; the exit status."""
        return self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port and directory. Raises BrokerFailedError."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove the directory, if it was a temporary one."""
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        try:
            self._spawn()
            await asyncio.to_thread(self._wait_until_ready)
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def _spawn(self) -> None:
        if self.running:
            raise BrokerFailedError(f"the broker already runs, as process {self.pid}")
        self._is_ready = False
        self._ready_or_ended.clear()
        command = [sys.executable, "-c", _LAUNCHER, str(os.getpid()), "serve", "--data", str(self.directory)]
        values = {"listeners": f"PLAINTEXT://127.0.0.1:{self.port}", **self._configs}
        settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command + settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is for whoever started it, who still needs it to say good-bye
        )
        output = self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(output,), name="broker output", daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                ready = _READY.search(line)
                if ready and not self._is_ready:
                    self.port = int(ready["port"])
                    self._is_ready = True
                    self._ready_or_ended.set()
        self._ready_or_ended.set()

    def _wait_until_ready(self) -> None:
        in_time = self._ready_or_ended.wait(self._start_timeout)
        if self._is_ready:
            return
        status = self.kill()
        why = f"ended with status {status}" if in_time else f"was not ready in {self._start_timeout} s"
        raise BrokerFailedError("\n".join([f"the broker {why}; it said:", *list(self.lines)[-20:]]))

    def _end(self, signal_number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signal_number)
        try:
            status = process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if self._reader is not None:
            self._reader.join()
        return status
