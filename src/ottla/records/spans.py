"""Where each record of a batch lies, without building it, for validation and compaction.

By the implementation in use.
"""

from typing import TYPE_CHECKING

from ottla.records.body import Span
from ottla.records.implementation import IMPLEMENTATION

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.spans import record_spans
else:
    from ottla.records._native import record_spans

__all__ = ["Span", "record_spans"]
