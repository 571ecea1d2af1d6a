"""`ottla` as a person runs it: a process of its own."""

import subprocess
import sys
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


@dataclass(frozen=True, slots=True)
class Command:
    """Runs `ottla` commands against one broker."""

    bootstrap: str

    def __call__(self, *words: str, stdin: bytes = b"") -> Done:
        """Run to the end."""
        done = subprocess.run(
            self.line(*words), input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr.decode())

    def ok(self, *words: str, stdin: bytes = b"") -> bytes:
        """What it printed; fails unless it succeeded, silently."""
        done = self(*words, stdin=stdin)
        assert (done.status, done.err) == (0, ""), (words, done)
        return done.out

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Run in the background, with pipes."""
        pipe = subprocess.PIPE
        return subprocess.Popen(self.line(*words), stdin=pipe, stdout=pipe, stderr=pipe)

    def line(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "ottla", *words, "--bootstrap-server", self.bootstrap]
