"""Records out of a batch: by the implementation in use."""

from typing import TYPE_CHECKING

from ottla.records.body import records_body
from ottla.records.implementation import IMPLEMENTATION

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.reader import read_batch, read_records, read_values
else:
    from ottla.records._native import read_batch, read_records, read_values

__all__ = ["read_batch", "read_records", "read_values", "records_body"]
