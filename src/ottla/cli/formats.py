"""How `ottla consume` writes a record: a format string of kcat's kind, or JSON.

%s value   %k key   %h headers   %o offset   %p partition   %t topic   %T timestamp (ms)
%S %K size of value and key in bytes (-1 for null)   %R size of value in 4 bytes, big endian   %% "%"
"""

import struct
from collections.abc import Callable

from ottla.cli.errors import UsageError
from ottla.cli.escapes import unescape
from ottla.records.record import RawRecord

Format = Callable[[str, int, RawRecord], bytes]
"""Topic, partition and record to the bytes that are written, delimiter included."""


def compile_format(text: str, null_marker: bytes) -> Format:
    """The function for a format string. Raises UsageError for an unknown directive."""
    parts: list[Format] = []
    for number, chunk in enumerate(text.replace("%%", "%\0").split("%")):
        if number and not chunk:
            raise UsageError("a format may not end in a single %; write %% for a percent sign")
        if number:
            parts.append(_directive(chunk[0], null_marker))
        literal = chunk[1:] if number else chunk
        if literal:
            parts.append(_literal(unescape(literal)))
    return lambda topic, partition, record: b"".join([part(topic, partition, record) for part in parts])


def headers_text(headers: tuple[tuple[str, bytes | None], ...], null_marker: bytes) -> bytes:
    """`name=value,name=value`."""
    return b",".join(
        name.encode() + b"=" + (null_marker if value is None else value) for name, value in headers
    )


def _literal(data: bytes) -> Format:
    return lambda _topic, _partition, _record: data


def _size(data: bytes | None) -> int:
    return -1 if data is None else len(data)


def _directive(letter: str, null_marker: bytes) -> Format:
    known: dict[str, Format] = {
        "s": lambda _t, _p, record: null_marker if record.value is None else record.value,
        "k": lambda _t, _p, record: null_marker if record.key is None else record.key,
        "h": lambda _t, _p, record: headers_text(record.headers, null_marker),
        "o": lambda _t, _p, record: b"%d" % record.offset,
        "p": lambda _t, partition, _r: b"%d" % partition,
        "t": lambda topic, _p, _r: topic.encode(),
        "T": lambda _t, _p, record: b"%d" % record.timestamp,
        "S": lambda _t, _p, record: b"%d" % _size(record.value),
        "K": lambda _t, _p, record: b"%d" % _size(record.key),
        "R": lambda _t, _p, record: struct.pack(">i", _size(record.value)),
        "\0": lambda _t, _p, _r: b"%",
    }
    if letter not in known:
        raise UsageError(f"unknown %{letter} in the format; known are %s %k %h %o %p %t %T %S %K %R %%")
    return known[letter]
