"""From a chunk to records or values, by what its topic's keys and values are."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ottla.client.config.settings import ConsumerSettings
from ottla.client.consuming.chunks import Chunk
from ottla.client.serdes.serde import Prepared, Serde, for_field
from ottla.client.topic import Topic
from ottla.records.reader import read_batch, read_values
from ottla.records.record import Record, RecordHeaders, Source

Deserializer = Callable[[bytes | None, str, RecordHeaders], Any]
AnyRecord = Record[Any, Any]


class TopicDecoding(NamedTuple):
    """What becomes of a topic's keys and values; None leaves them bytes."""

    key: Deserializer | None = None
    value: Deserializer | None = None
    prepared: tuple[tuple[Prepared, str], ...] = ()
    """Serdes that must get ready for what has come, and the record's attribute that they are for."""


class Decoding:
    """Of everything that a consumer reads."""

    def __init__(self, settings: ConsumerSettings, topics: Iterable[Topic[Any, Any] | str] = ()) -> None:
        self.check_crcs = settings.check_crcs
        self._default = _decoding(settings.key_deserializer, settings.value_deserializer)
        self._topics: dict[str, TopicDecoding] = {}
        self.add(topics)

    def add(self, topics: Iterable[Topic[Any, Any] | str]) -> None:
        """These have serdes of their own."""
        for topic in topics:
            if isinstance(topic, Topic):
                self._topics[topic.name] = _decoding(topic.key_serde, topic.value_serde)

    def of(self, topic: str) -> TopicDecoding:
        return self._topics.get(topic, self._default)

    async def records(self, chunk: Chunk) -> list[AnyRecord]:
        """Those of a prepared chunk at or after its place's position. Raises KafkaError."""
        records = self.records_now(chunk, chunk.place.position)
        for serde, side in self.of(chunk.place.partition.topic).prepared:
            raw, headers = (
                [getattr(record, side) for record in records],
                [record.headers for record in records],
            )
            if not serde.is_prepared_for(raw, headers):
                await serde.prepare_for(raw, headers)
        return records

    def records_now(self, chunk: Chunk, from_offset: int) -> list[AnyRecord]:
        """Those at or after an offset, when no serde has to get ready."""
        batch, (topic, number) = chunk.batch, chunk.place.partition
        if batch is None:
            return []
        how = self.of(topic)
        source: Source[Any, Any] = Source(topic, number, batch.partition_leader_epoch, how.key, how.value)
        try:
            return read_batch(batch, from_offset, source)
        except ValueError as error:
            raise chunk.damaged(error) from error

    def values_now(self, chunk: Chunk, from_offset: int) -> list[bytes | None]:
        """The values alone, as bytes, of a prepared chunk. Raises KafkaError."""
        if chunk.batch is None:
            return []
        try:
            return read_values(chunk.batch, from_offset)
        except ValueError as error:
            raise chunk.damaged(error) from error


def _decoding(key: object, value: object) -> TopicDecoding:
    key = for_field(key, "key") if isinstance(key, Serde) else key
    value = for_field(value, "value") if isinstance(value, Serde) else value
    sides = ((key, "raw_key"), (value, "raw_value"))
    prepared = tuple((serde, side) for serde, side in sides if isinstance(serde, Prepared))
    return TopicDecoding(_deserializer(key), _deserializer(value), prepared)


def _deserializer(what: object) -> Deserializer | None:
    """A serde, or a function of the bytes alone, as a function of bytes, topic and headers."""
    if what is None:
        return None
    if isinstance(what, Serde):
        return what.deserialize
    assert callable(what), f"{what!r} is neither a serde nor a function"

    def deserialize(data: bytes | None, _topic: str, _headers: RecordHeaders) -> Any:  # noqa: ANN401 - whatever it makes
        return None if data is None else what(data)

    return deserialize
