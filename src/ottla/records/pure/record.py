"""A record, its key and value deserialised when they are first asked for."""

from typing import Any, Generic

from ottla.records.representation import describe, restore
from ottla.records.source import NOWHERE, K, RecordHeaders, Source, V
from ottla.records.timestamp_type import TimestampType


class Record(Generic[K, V]):
    """One record with its place in the partition; not to be changed.

    `timestamp` is in milliseconds since 1970, -1 for none. `key` and `value` are what the source's
    deserializers make of `raw_key` and `raw_value`; what those raise is raised at every access.
    Two records are equal when their bytes and places are.
    """

    __slots__ = (
        "headers",
        "key",
        "offset",
        "raw_key",
        "raw_value",
        "source",
        "timestamp",
        "timestamp_type",
        "value",
    )

    key: K
    value: V

    def __init__(
        self,
        offset: int,
        timestamp: int,
        timestamp_type: TimestampType,
        key: bytes | None,
        value: bytes | None,
        headers: RecordHeaders = (),
        source: Source[K, V] = NOWHERE,  # type: ignore[assignment]  # without deserializers, K and V are bytes
    ) -> None:
        self.offset = offset
        self.timestamp = timestamp
        self.timestamp_type = timestamp_type
        self.headers = headers
        self.source = source
        self.raw_key = key
        self.raw_value = value
        if source.key_deserializer is None:
            self.key = key  # type: ignore[assignment]
        if source.value_deserializer is None:
            self.value = value  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - K or V
        """Only asked for what is not there: a key or value that is still to be deserialised."""
        source = self.source
        if name == "key" and source.key_deserializer is not None:
            self.key = key = source.key_deserializer(self.raw_key, source.topic, self.headers)
            return key
        if name == "value" and source.value_deserializer is not None:
            self.value = value = source.value_deserializer(self.raw_value, source.topic, self.headers)
            return value
        raise AttributeError(f"a record has no {name!r}", name=name, obj=self)

    @property
    def topic(self) -> str:
        return self.source.topic

    @property
    def partition(self) -> int:
        return self.source.partition

    @property
    def leader_epoch(self) -> int:
        """The epoch that the record's batch was written under; -1 when it is not known."""
        return self.source.leader_epoch

    def _identity(self) -> tuple[object, ...]:
        source = self.source
        place = (source.topic, source.partition, self.offset, self.timestamp, self.timestamp_type)
        return (*place, self.raw_key, self.raw_value, self.headers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.source.topic, self.source.partition, self.offset))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.offset, self.timestamp, self.timestamp_type, self.raw_key, self.raw_value)
        return restore, (*fields, self.headers, self.source)

    def __repr__(self) -> str:
        return describe(self)
