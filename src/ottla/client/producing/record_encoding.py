"""A user's keys, values and headers to what a record is made of: bytes, which nobody changes any more."""

from collections.abc import Callable, Collection, Mapping, Sequence, Sized
from itertools import repeat
from typing import Any, NamedTuple

from ottla.client.config.settings import ProducerSettings
from ottla.client.serdes.errors import SerializationError
from ottla.client.serdes.serde import Field, Prepared, Serde, for_field
from ottla.client.topic import Topic, topic_name
from ottla.core.errors import KafkaError

Headers = Sequence[tuple[str, bytes | None]]
GivenHeaders = Mapping[str, bytes | None] | Sequence[tuple[str, bytes | None]]
Serialize = Callable[[Any, str, Headers], bytes | None]
GivenSerializer = Serde[Any] | Callable[[Any], bytes | None] | None

_PLAIN = {bytes, type(None)}
_BUFFERS = (bytes, bytearray, memoryview)
_HEADER_OVERHEAD_BYTES = 10


class EncodedRecords(NamedTuple):
    """Many records of one topic: what stands at the same place belongs together."""

    values: Sequence[bytes | None]
    keys: Sequence[bytes | None] | None = None
    """None: no record has one."""
    headers: Sequence[Headers] | None = None
    """None: no record has any."""

    def at(self, indexes: Sequence[int]) -> "EncodedRecords":
        """Those at these places."""
        values, keys, headers = self
        return EncodedRecords(
            [values[index] for index in indexes],
            None if keys is None else [keys[index] for index in indexes],
            None if headers is None else [headers[index] for index in indexes],
        )


class RecordEncoding:
    """How the records of one topic are encoded: by its own serdes, else by the producer's serializers."""

    def __init__(self, topic: str | Topic[Any, Any], settings: ProducerSettings) -> None:
        """Raises TypeError for what is neither a name nor a Topic."""
        typed = topic if isinstance(topic, Topic) else None
        self.topic = topic_name(topic)
        key = _of_side((typed.key_serde if typed is not None else None) or settings.key_serializer, "key")
        value = _of_side(
            (typed.value_serde if typed is not None else None) or settings.value_serializer, "value"
        )
        self.key = _serializer(key)
        self.value = _serializer(value)
        self.is_plain = self.key is None and self.value is None
        """Whether keys and values are bytes already."""
        both: tuple[object, object] = (key, value)
        self._prepared = [serde for serde in both if isinstance(serde, Prepared)]

    async def prepare(self) -> None:
        """Ask what has to be asked first, as of a schema registry. Raises SerializationError."""
        for serde in self._prepared:
            if not serde.is_prepared(self.topic):
                await serde.prepare(self.topic)

    def encode(
        self, key: object, value: object, headers: GivenHeaders | None
    ) -> tuple[bytes | None, bytes | None, Headers]:
        """Key, value and headers of one record. Raises SerializationError."""
        pairs = header_pairs(self.topic, headers) if headers else ()
        if self.is_plain and type(key) in _PLAIN and type(value) in _PLAIN:
            return key, value, pairs  # type: ignore[return-value]  # as they are
        return self.encode_key(key, pairs), self.encode_value(value, pairs), pairs

    def encode_key(self, key: object, headers: Headers) -> bytes | None:
        """Raises SerializationError."""
        return self._encode(key, headers, "key", self.key)

    def encode_value(self, value: object, headers: Headers) -> bytes | None:
        """Raises SerializationError."""
        return self._encode(value, headers, "value", self.value)

    def encode_many(
        self,
        values: Sequence[object],
        keys: Sequence[object] | None,
        headers: Sequence[GivenHeaders | None] | None,
    ) -> EncodedRecords:
        """Of each value, with the key and the headers at its place. Raises SerializationError, ValueError."""
        _check_as_many(values, keys, "keys")
        _check_as_many(values, headers, "headers")
        pairs = None if headers is None else [header_pairs(self.topic, each) for each in headers]
        encoded_keys = None if keys is None else self._encode_many(keys, pairs, "key", self.key)
        return EncodedRecords(self._encode_many(values, pairs, "value", self.value), encoded_keys, pairs)

    def _encode_many(
        self,
        contents: Sequence[Any],
        headers: Sequence[Headers] | None,
        field: Field,
        serialize: Serialize | None,
    ) -> Sequence[bytes | None]:
        if not isinstance(contents, Sized) or isinstance(contents, str | bytes):
            raise TypeError(f"{self.topic}: {field}s are a list, not {_short(contents)}; write [{field}, …]")
        if serialize is None and set(map(type, contents)) <= _PLAIN:
            return contents
        return [
            self._encode(content, of_record, field, serialize)
            for content, of_record in zip(contents, headers or repeat(()), strict=False)
        ]

    def _encode(
        self,
        content: Any,  # noqa: ANN401 - the user's
        headers: Headers,
        field: Field,
        serialize: Serialize | None,
    ) -> bytes | None:
        if serialize is not None:
            try:
                content = serialize(content, self.topic, headers)
            except KafkaError:
                raise
            except Exception as error:
                problem = f"{self.topic}: the {field} {_short(content)} cannot be serialized: {error!r}"
                raise SerializationError(problem, topic=self.topic, field=field) from error
        if type(content) in _PLAIN:
            return content  # type: ignore[no-any-return]
        if isinstance(content, _BUFFERS):
            return bytes(content)
        raise self._no_bytes(content, field)

    def _no_bytes(self, content: object, field: Field) -> SerializationError:
        kind = type(content).__name__
        advice = f"send bytes, give the producer a {field}_serializer, or send to Topic(…, {field}={kind})"
        problem = f"{self.topic}: the {field} {_short(content)} is {kind}, not bytes"
        return SerializationError(problem, topic=self.topic, field=field, advice=advice)


def _check_as_many(values: Sequence[object], others: Sequence[object] | None, what: str) -> None:
    if others is not None and len(others) != len(values):
        raise ValueError(f"{len(values)} values and {len(others)} {what}; there must be as many")


def header_pairs(topic: str, headers: GivenHeaders | None) -> Headers:
    """The headers of one record. Raises SerializationError."""
    if not headers:
        return ()
    if isinstance(headers, dict | Mapping):
        headers = tuple(headers.items())
    pairs = tuple(headers) if isinstance(headers, list | tuple | Collection) else (headers,)
    are_bytes = True
    for pair in pairs:
        match pair:
            case (str() as name, None | bytes()) if name.isascii() or _is_utf8(name):
                continue
            case (str() as name, bytearray() | memoryview()) if _is_utf8(name):
                are_bytes = False
            case _:
                raise _no_header(topic, pair)
    if are_bytes:
        return pairs
    return tuple((name, None if content is None else bytes(content)) for name, content in pairs)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _no_header(topic: str, header: object) -> SerializationError:
    problem = f"{topic}: {_short(header)} is no header"
    advice = "headers are a dict, or pairs, of str and bytes (or None)"
    return SerializationError(problem, topic=topic, field="headers", advice=advice)


def headers_bytes(headers: Headers) -> int:
    """About what they take in a batch; not less."""
    return sum(len(name.encode()) + len(value or b"") + _HEADER_OVERHEAD_BYTES for name, value in headers)


def _of_side(serializer: GivenSerializer, field: Field) -> GivenSerializer:
    """A serde's copy for keys or for values; what is prepared and what serializes must be the same one."""
    return for_field(serializer, field) if isinstance(serializer, Serde) else serializer


def _serializer(serializer: GivenSerializer) -> Serialize | None:
    if serializer is None:
        return None
    if isinstance(serializer, Serde):
        return serializer.serialize
    encode = serializer
    return lambda content, _topic, _headers: None if content is None else encode(content)


def _short(content: object) -> str:
    text = repr(content)
    return text if len(text) <= 60 else f"{text[:57]}..."
