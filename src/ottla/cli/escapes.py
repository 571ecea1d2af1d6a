r"""`\n`, `\t`, `\0`, `\xNN` and `\\` in what people type as separators and formats."""

import re

from ottla.cli.errors import UsageError

_NAMED = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.?)", re.DOTALL)


def unescape(text: str) -> bytes:
    """The bytes that `text` stands for, UTF-8 outside escapes. Raises UsageError for an unknown escape."""
    parts: list[bytes] = []
    position = 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[position : match.start()].encode("utf-8", "surrogateescape"))
        parts.append(_byte(match[1]))
        position = match.end()
    parts.append(text[position:].encode("utf-8", "surrogateescape"))
    return b"".join(parts)


def _byte(escape: str) -> bytes:
    if escape.startswith("x") and len(escape) == 3:
        return bytes.fromhex(escape[1:])
    if escape not in _NAMED:
        raise UsageError(rf"unknown escape \{escape}; known are \n \r \t \0 \xNN \\")
    return _NAMED[escape]
