"""A service in a process of its own, which can be killed and started again."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

import msgspec

from ottla_examples.orders.process import Setting

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
_LAST_CHARACTERS: Final = 2000


class ServiceFailedError(RuntimeError):
    """A service did not start. The text ends with the last line that it said."""


class ServiceProcess:
    """Not started yet; it can be started again and again."""

    def __init__(self, setting: Setting) -> None:
        self.log = Path(setting.directory) / f"{setting.part.service}.log"
        """What it complains about, over all its starts."""
        self._setting = setting
        self._process: Process | None = None

    @property
    def exit_status(self) -> int | None:
        """Minus the signal's number after a kill; None: it runs, or was never started."""
        return None if self._process is None else self._process.returncode

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Returns when it answers. Raises ServiceFailedError.

        It ends with whoever started it, since its stdin does; a session of its own keeps Ctrl-C from it.
        """
        argument = msgspec.json.encode(self._setting).decode()
        command = [sys.executable, "-m", "ottla_examples.orders.process", argument]
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=log, start_new_session=True
            )
        self._process = process
        assert process.stdout is not None
        try:
            said = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        except TimeoutError:
            said = b""
        if said != b"ready\n":
            words = self.last_words().splitlines() or ["nothing"]
            raise ServiceFailedError(f"{self._setting.part.service} did not start; last it said: {words[-1]}")

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-_LAST_CHARACTERS:] if self.log.exists() else ""

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self.is_running:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM; kill -9 for one that does not listen."""
        if self._process is not None and self.is_running:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                await self.kill()
