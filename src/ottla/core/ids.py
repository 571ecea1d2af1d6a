"""Identifiers. A UUID is its 16 bytes everywhere inside; text appears only where people read it."""

import base64
import os

from ottla.core.zero_uuid import ZERO_UUID

_ONE_UUID = bytes(15) + b"\x01"  # reserved by Kafka for the metadata topic


def random_uuid() -> bytes:
    """A new version-4 UUID; never a reserved one, and never one whose text starts with a dash."""
    while True:
        raw = bytearray(os.urandom(16))
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        uuid = bytes(raw)
        if uuid not in (ZERO_UUID, _ONE_UUID) and not uuid_text(uuid).startswith("-"):
            return uuid


def uuid_text(uuid: bytes) -> str:
    """Kafka's way to write a UUID: 22 characters of URL-safe base 64, no padding."""
    return base64.urlsafe_b64encode(uuid).rstrip(b"=").decode("ascii")


def parse_uuid(text: str) -> bytes:
    """The 16 bytes that `text` stands for. Raises ValueError for anything that is not 16 bytes of base 64."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != 16:
        raise ValueError(f"{text!r} is not a UUID: it holds {len(raw)} bytes, not 16")
    return raw
