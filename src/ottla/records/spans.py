"""Where each record of a batch lies: by the implementation in use."""

from ottla.records.pure.spans import Span, record_spans

__all__ = ["Span", "record_spans"]
