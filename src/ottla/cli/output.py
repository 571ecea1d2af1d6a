"""Writing to stdout: bytes, text for people, one JSON document for machines."""

import sys


def write_bytes(data: bytes) -> None:
    """All of it, now. With PYTHONUNBUFFERED set, stdout may take a part and say so."""
    left = memoryview(data)
    while left:
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


def print_text(text: str) -> None:
    """A line, or several."""
    write_bytes(f"{text}\n".encode("utf-8", "surrogateescape"))


def print_json(document: object) -> None:
    """One document, on one line."""
    import json  # only when asked for: `serve` starts without

    print_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def warn(text: str) -> None:
    """One line on stderr that is no error."""
    sys.stderr.write(f"ottla: {text}\n")
