"""Builds a record batch of format v2, a record at a time or many: by the implementation in use."""

from typing import TYPE_CHECKING

from ottla.records.implementation import IMPLEMENTATION

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.builder import BatchBuilder
else:
    from ottla.records._native import BatchBuilder

__all__ = ["BatchBuilder"]
