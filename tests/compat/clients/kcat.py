"""kcat: the command line of an older librdkafka (2.0), one process per call."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.batches import Record

FORMAT = r"%T %K %S %o\n%h\n%k%s\n"
TIMEOUT_SECONDS = 60


def missing() -> str | None:
    """Why kcat cannot be used here; None when it can."""
    return None if shutil.which("kcat") else "no kcat on the PATH"


def kcat(*arguments: str, stdin: bytes = b"") -> bytes:
    """Run it; what it printed. Fails with its words when it fails."""
    done = subprocess.run(
        ["kcat", *arguments], input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, (arguments, done.stderr.decode(errors="replace"))
    return done.stdout


class Kcat:
    name = "kcat"

    def can_write(self, record: Record) -> bool:
        """It has no timestamps, no zero byte in a fixed key, and sends nothing for an empty value."""
        return record.timestamp is None and record.value != b"" and b"\0" not in (record.key or b"")

    def write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str = "none") -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "value"
            for record in records:
                file.write_bytes(record.value or b"")
                options = ["-P", "-b", bootstrap, "-t", topic, "-p", "0", "-z", codec, "-X", "acks=all"]
                options += ["-X", "message.max.bytes=2000000", "-Z"]
                for name, value in record.headers:
                    options += ["-H", name if value is None else f"{name}={value.decode()}"]
                if record.value is None:
                    kcat(*options, "-K", ":", stdin=(record.key or b"") + b":\n")
                    continue
                if record.key is not None:
                    options += ["-k", record.key.decode()]
                kcat(*options, str(file))

    def read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        options = ["-C", "-b", bootstrap, "-t", topic, "-p", "0", "-o", "beginning", "-c", str(count), "-q"]
        output = kcat(*options, "-f", FORMAT)
        records = []
        position = 0
        while position < len(output):
            record, position = _record(output, position)
            records.append(record)
        return records


def _record(output: bytes, position: int) -> tuple[Record, int]:
    """One record in FORMAT, and the position after it."""
    numbers_end = output.index(b"\n", position)
    timestamp, key_bytes, value_bytes, offset = (int(word) for word in output[position:numbers_end].split())
    headers_end = output.index(b"\n", numbers_end + 1)
    headers = _headers(output[numbers_end + 1 : headers_end].decode())
    key_end = headers_end + 1 + max(key_bytes, 0)
    value_end = key_end + max(value_bytes, 0)
    key = None if key_bytes < 0 else output[headers_end + 1 : key_end]
    value = None if value_bytes < 0 else output[key_end:value_end]
    return Record(key, value, headers, timestamp, offset), value_end + 1


def _headers(text: str) -> tuple[tuple[str, bytes | None], ...]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    return tuple((name, None if value == "NULL" else value.encode()) for name, _, value in pairs)
