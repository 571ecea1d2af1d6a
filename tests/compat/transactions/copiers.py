"""A copier as a process: started, killed, started again when it ends."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.support.apache import java

HERE = Path(__file__).parent
JAVA = "org.apache.kafka.tools.TransactionalMessageCopier"

Command = Callable[["Copier", str], list[str]]


@dataclass
class Copier:
    """One copier; `kind` names its client, and the copiers of one kind share group and output."""

    kind: str
    number: int
    source: str
    directory: Path
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0
    _output: "IO[bytes] | None" = field(default=None, repr=False)

    @property
    def target(self) -> str:
        return f"{self.source}-{self.kind}"

    @property
    def group(self) -> str:
        return f"copy-{self.kind}"

    @property
    def transactional_id(self) -> str:
        return f"{self.kind}-{self.number}"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.transactional_id}.log"

    def keep_running(self, bootstrap: str) -> None:
        """Start it if it does not run."""
        if self.process is not None and self.process.poll() is None:
            return
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                COMMANDS[self.kind](self, bootstrap),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.starts += 1

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """It stands still until it is woken, and then goes on as if nothing had been."""
        self._send(signal.SIGSTOP)

    def wake(self) -> None:
        self._send(signal.SIGCONT)

    def ask_what_it_does(self) -> None:
        """Have it write its stack, or its threads', into its log."""
        self._send(signal.SIGQUIT if self.kind == "java" else signal.SIGUSR1)

    def _send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"{self.transactional_id}, started {self.starts} times:", *lines[-12:]])


def _python(program: str) -> Command:
    def command(copier: Copier, bootstrap: str) -> list[str]:
        names = [copier.source, copier.target, copier.group, copier.transactional_id]
        return [sys.executable, str(HERE / program), bootstrap, *names]

    return command


def _java(copier: Copier, bootstrap: str) -> list[str]:
    options = {
        "--broker-list": bootstrap,
        "--input-topic": copier.source,
        "--input-partition": "0",
        "--output-topic": copier.target,
        "--consumer-group": copier.group,
        "--transactional-id": copier.transactional_id,
        "--transaction-size": "40",
        "--transaction-timeout": "10000",
    }
    flags = ["--group-mode", "--use-group-metadata", "--enable-random-aborts"]
    return java(JAVA, *(word for option in options.items() for word in option), *flags)


COMMANDS: dict[str, Command] = {
    "confluent": _python("confluent_copier.py"),
    "aiokafka": _python("aio_copier.py"),
    "ottla": _python("ottla_copier.py"),
    "java": _java,
}
