"""How `ottla produce` reads records: bytes cut at a delimiter, a key before a separator if asked."""

from dataclasses import dataclass

from ottla.cli.errors import CommandError
from ottla.cli.json_records import InputRecord


class Splitter:
    """Cuts a stream of chunks at a delimiter; an empty delimiter makes one piece of the whole stream."""

    def __init__(self, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The pieces that `chunk` completes."""
        unsearched = max(0, len(self._rest) - len(self._delimiter) + 1)
        self._rest += chunk
        if not self._delimiter or self._rest.find(self._delimiter, unsearched) < 0:
            return []
        *pieces, rest = bytes(self._rest).split(self._delimiter)
        self._rest = bytearray(rest)
        return pieces

    def end(self) -> list[bytes]:
        """The last piece, when the stream did not end in a delimiter."""
        return [bytes(self._rest)] if self._rest else []


@dataclass(frozen=True, slots=True)
class LineFormat:
    """How one line stands for a record."""

    key_separator: bytes | None = None
    null_marker: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    """Given to every record."""

    def record(self, line: bytes, where: str) -> InputRecord:
        """The record of `line`; `where` names the line in an error."""
        key, value = self._split(line, where)
        return InputRecord(value=self._null(value), key=self._null(key), headers=self.headers)

    def _split(self, line: bytes, where: str) -> tuple[bytes | None, bytes]:
        if self.key_separator is None:
            return None, line
        key, separator, value = line.partition(self.key_separator)
        if not separator:
            raise CommandError(f"{where}: no key separator {repr(self.key_separator)[1:40]} in it")
        return key, value

    def _null(self, field: bytes | None) -> bytes | None:
        return None if field == self.null_marker else field
