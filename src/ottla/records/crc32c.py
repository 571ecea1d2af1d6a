"""CRC-32C (Castagnoli), the checksum of format v2: by the implementation in use."""

from typing import TYPE_CHECKING

from ottla.records.implementation import IMPLEMENTATION

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.crc32c import crc32c
else:
    from ottla.records._native import crc32c

__all__ = ["crc32c"]
