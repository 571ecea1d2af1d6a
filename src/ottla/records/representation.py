"""How a record is written down, whichever implementation made it: as text, and in a pickle."""

import reprlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ottla.records.record import Record

_short = reprlib.Repr()
_short.maxother = 80


def describe(record: "Record[Any, Any]") -> str:
    """One line: place, timestamp, and the beginning of key and value as they were sent."""
    place = f"{record.topic}-{record.partition}@" if record.topic else "@"
    headers = f", headers={record.headers}" if record.headers else ""
    return (
        f"Record({place}{record.offset}, timestamp={record.timestamp}, "
        f"key={_short.repr(record.raw_key)}, value={_short.repr(record.raw_value)}{headers})"
    )


def restore(*fields: Any) -> "Record[Any, Any]":  # noqa: ANN401 - the arguments of Record
    """The record of the implementation in use, whichever one was pickled."""
    from ottla.records.record import Record

    return Record(*fields)
