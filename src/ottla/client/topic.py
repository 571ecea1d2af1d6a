"""A topic whose keys and values have types."""

import re
from typing import Generic, TypeVar, overload

from ottla.client.serdes.inference import Form, serde_of
from ottla.client.serdes.serde import Serde, for_field
from ottla.core.limits import MAX_TOPIC_NAME_LENGTH

K = TypeVar("K")
V = TypeVar("V")

TOPIC_NAME_RULE = f"letters, digits, dot, dash and underscore, at most {MAX_TOPIC_NAME_LENGTH} of them"
_NAME = re.compile(rf"(?!\.{{1,2}}$)[a-zA-Z0-9._-]{{1,{MAX_TOPIC_NAME_LENGTH}}}")


class Topic(Generic[K, V]):
    """`Topic("orders", key=str, value=Order)`: what its records hold, for whoever sends or reads them.

    A type stands for the serde that is inferred from it (`serde_of`); a Serde stands for itself. Without either
    the keys or values are bytes, and nothing is done to them.
    """

    __slots__ = ("key_serde", "name", "value_serde")

    name: str
    key_serde: Serde[K] | None
    """None: bytes, as they are."""
    value_serde: Serde[V] | None
    """None: bytes, as they are."""

    @overload
    def __init__(self: "Topic[bytes, bytes]", name: str) -> None: ...
    @overload
    def __init__(self: "Topic[K, bytes]", name: str, *, key: Form[K]) -> None: ...
    @overload
    def __init__(self: "Topic[bytes, V]", name: str, *, value: Form[V]) -> None: ...
    @overload
    def __init__(self: "Topic[K, V]", name: str, key: Form[K], value: Form[V]) -> None: ...
    def __init__(self, name: str, key: Form[K] | None = None, value: Form[V] | None = None) -> None:
        """Raises TypeError for a type that no serde can be inferred from."""
        key_serde = serde_of(key) if key is not None else None
        value_serde = serde_of(value) if value is not None else None
        self.name = name
        self.key_serde = for_field(key_serde, "key") if key_serde is not None else None
        self.value_serde = for_field(value_serde, "value") if value_serde is not None else None

    def __repr__(self) -> str:
        return f"Topic({self.name!r}, key={self.key_serde!r}, value={self.value_serde!r})"


def topic_name(topic: object) -> str:
    """The name of a topic as a user tells it. Raises TypeError for what is neither a name nor a Topic."""
    name = topic.name if isinstance(topic, Topic) else topic
    if not isinstance(name, str) or not name:
        raise TypeError(f"{topic!r} is no topic; give each by its name, or as a Topic")
    return name


def is_topic_name(name: object) -> bool:
    """Whether a topic can have this name."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None
