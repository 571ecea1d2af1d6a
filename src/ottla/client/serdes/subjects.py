"""The subject under which a schema is registered: Confluent's three strategies."""

from collections.abc import Callable
from typing import Literal

from ottla.client.serdes.serde import Field

SubjectNameStrategy = Literal["topic", "record", "topic_record"] | Callable[[str, Field, str], str]
"""By name, or a function of topic, field and the record's full name."""


def subject_name(strategy: SubjectNameStrategy, topic: str, field: Field, record_name: str) -> str:
    """`orders-value`, `shop.Order` or `orders-shop.Order`. Raises ValueError where a name is needed and missing."""
    if callable(strategy):
        return strategy(topic, field, record_name)
    if strategy == "topic":
        return f"{topic}-{field}"
    if strategy not in ("record", "topic_record"):
        raise ValueError(
            f"subject_name_strategy is 'topic', 'record', 'topic_record' or a function, not {strategy!r}"
        )
    if not record_name:
        raise ValueError(f"the schema has no name, which subject_name_strategy={strategy!r} needs")
    return record_name if strategy == "record" else f"{topic}-{record_name}"
