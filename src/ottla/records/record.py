"""One record as a reader sees it: `Record`, by the implementation in use."""

from typing import TYPE_CHECKING

from ottla.records.implementation import IMPLEMENTATION
from ottla.records.source import NOWHERE, RecordHeaders, Source
from ottla.records.timestamp_type import TimestampType

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.record import Record
else:
    from ottla.records._native import Record

RawRecord = Record[bytes | None, bytes | None]
"""A record whose key and value are bytes."""

__all__ = ["NOWHERE", "RawRecord", "Record", "RecordHeaders", "Source", "TimestampType"]
