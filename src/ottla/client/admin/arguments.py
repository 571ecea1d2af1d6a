"""What the calls are told, looked at before anything is asked. Raises TypeError, in words that say how it is done."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ottla.client.brokers.metadata import TopicPartition, checked_partitions

Value = TypeVar("Value")


def names(of: str | Iterable[str]) -> list[str]:
    """One name or several."""
    if isinstance(of, str):
        return [of]
    found = list(of) if isinstance(of, Iterable) else [of]
    for name in found:
        if not isinstance(name, str):
            raise TypeError(f'{name!r} is no name; give one name, or a list of them: ["billing"]')
    return found


def by_partition(told: Mapping[TopicPartition, Value]) -> dict[TopicPartition, Value]:
    """Something for each of several partitions."""
    if not isinstance(told, Mapping):
        raise TypeError(f'{told!r} is no dict of partitions; give {{TopicPartition("orders", 0): …}}')
    return dict(zip(checked_partitions(told), told.values(), strict=True))
