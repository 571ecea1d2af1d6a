"""One record as one line of JSON, out and in again without loss.

Keys, values and header values are strings where they are UTF-8, `{"base64": "…"}` where they are not, and
null where they are null. Headers are a list of `{"key": …, "value": …}`, because names may repeat.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ottla.cli.errors import CommandError
from ottla.records.record import RawRecord


@dataclass(slots=True)
class InputRecord:
    """One record to send; what is None is left to the producer."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int | None = None
    partition: int | None = None


def record_to_json(topic: str, partition: int, record: RawRecord) -> bytes:
    """The line for `record`, without a newline."""
    fields = {
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _out(record.key),
        "value": _out(record.value),
        "headers": [{"key": name, "value": _out(value)} for name, value in record.headers],
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def record_from_json(line: bytes, where: str) -> InputRecord:
    """The record that `line` describes; `where` names the line in an error. Topic and offset are ignored."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise CommandError(f"{where}: not JSON ({error}); write one object to a line") from None
    if not isinstance(fields, dict) or "value" not in fields:
        raise CommandError(f'{where}: write an object with at least "value", such as {{"value": "hello"}}')
    return InputRecord(
        value=_in(fields["value"], f"{where}: value"),
        key=_in(fields.get("key"), f"{where}: key"),
        headers=_headers(fields.get("headers") or (), where),
        timestamp_ms=_integer(fields, "timestamp", where),
        partition=_integer(fields, "partition", where),
    )


def _out(data: bytes | None) -> str | dict[str, str] | None:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _in(field: object, where: str) -> bytes | None:
    match field:
        case None:
            return None
        case str():
            return field.encode()
        case {"base64": str(text), **more} if not more:
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error:
                raise CommandError(f"{where} is not base64") from None
    raise CommandError(f'{where} must be a string, null or {{"base64": "…"}}')


def _headers(field: object, where: str) -> tuple[tuple[str, bytes | None], ...]:
    if not isinstance(field, list | tuple):
        raise CommandError(f'{where}: headers must be a list of {{"key": …, "value": …}}')
    return tuple(_header(header, where) for header in field)


def _header(field: object, where: str) -> tuple[str, bytes | None]:
    if not isinstance(field, dict) or not isinstance(field.get("key"), str):
        raise CommandError(f'{where}: a header must be {{"key": …, "value": …}}')
    return field["key"], _in(field.get("value"), f"{where}: header {field['key']}")


def _integer(fields: Mapping[str, object], name: str, where: str) -> int | None:
    number = fields.get(name)
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise CommandError(f"{where}: {name} must be a whole number or null")
    return number
