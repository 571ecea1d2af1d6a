"""Finds what is wrong with a message that could not be written: slow, so that writers need not look."""

import struct

from ottla.wire.fields import Array, WireType, fields_of
from ottla.wire.runtime import MAX_STRING_BYTES
from ottla.wire.schema import Message
from ottla.wire.types import Buffer, Kind


def fault(message: Message, version: int) -> str | None:
    """The first value that does not fit, as in `topic_data[0].name is None`; None when all do."""
    for field in fields_of(type(message)):
        if not field.exists(version):
            continue
        value = getattr(message, field.name)
        if value is None and field.may_be_null(version):
            continue
        found = _misfit(field.type, value, version)
        if found is not None:
            return field.name + found
    return None


def _misfit(wire_type: WireType, value: object, version: int) -> str | None:
    """What to say behind the name of the value; None when it fits."""
    if value is None:
        return " is None"
    if isinstance(wire_type, Array):
        return _in_list(wire_type, value, version)
    if isinstance(wire_type, Kind):
        return None if _fits(wire_type, value) else f" is {value!r:.100}, which is no {wire_type}"
    if not isinstance(value, Message) or type(value) is not wire_type:
        return f" is {value!r:.100}, not of {wire_type.__name__}"
    inner = fault(value, version)
    return None if inner is None else f".{inner}"


def _in_list(array: Array, value: object, version: int) -> str | None:
    if not isinstance(value, list | tuple):
        return f" is {value!r:.100}, not a list"
    for index, item in enumerate(value):
        found = _misfit(array.element, item, version)
        if found is not None:
            return f"[{index}]{found}"
    return None


def _fits(kind: Kind, value: object) -> bool:
    if kind.name == "string":
        return isinstance(value, str) and _fits_utf8(value)
    if not kind.code or kind.name == "uuid":
        return isinstance(value, Buffer) and (kind.name != "uuid" or len(value) == kind.size)
    try:
        struct.pack(">" + kind.code, value)
    except struct.error:
        return False
    return True


def _fits_utf8(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_STRING_BYTES
    except UnicodeEncodeError:
        return False
