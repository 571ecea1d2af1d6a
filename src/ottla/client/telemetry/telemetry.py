"""Spans by OpenTelemetry's semantic conventions for messaging and Kafka (1.45), and their context in headers.

A record carries the context of the span it was sent in (`traceparent`, and what other propagators write), so that its
processing, in whatever client, belongs to the same trace. Imported only where `telemetry` asks for it.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from uuid import UUID

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from ottla import __version__
from ottla.client.config.settings import ConsumerSettings, ProducerSettings
from ottla.client.consuming.decoding import AnyRecord
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.delivery import RecordMetadata
from ottla.client.producing.destinations import AnyTopic
from ottla.client.producing.intake import Take
from ottla.client.producing.record_encoding import GivenHeaders, Headers, header_pairs
from ottla.client.producing.sent_records import SentRecords, SomeNotSentError
from ottla.client.topic import Topic
from ottla.core.errors import KafkaError

SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0"
Handler = Callable[[Any], Awaitable[None]]


class Ended(Protocol):
    """A delivery that is done: the asyncio producer's or the blocking one's."""

    def result(self) -> RecordMetadata: ...

    def exception(self) -> Exception | None: ...


class Traced(Ended, Protocol):
    """A delivery on its way."""

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None: ...


D = TypeVar("D", bound=Traced)

_OF_ALL: dict[str, AttributeValue] = {
    "messaging.system.name": "kafka",
    "messaging.system": "kafka",  # its name before 1.45, by which most viewers know messages
}


def record_context(record: AnyRecord) -> Context:
    """The context that a record was sent in: empty when it carries none.

    For loops of one's own: `with tracer.start_as_current_span("…", context=record_context(record)): …`
    """
    return _context_of(record.headers)


class ProducerTracing:
    """A span for each record, or for each `send_many`, from the call to the delivery."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._tracer = _tracer(settings.telemetry)
        self._of_all = _OF_ALL | _operation("send") | {"messaging.client.id": settings.client_id}

    def sends(self, send: Take[D]) -> Take[D]:
        """`send` in a span, whose context the record carries.

        Its parent is the current span; where there is none, the one that the headers name already.
        """

        def traced(
            topic: AnyTopic,
            value: Any,  # noqa: ANN401
            key: Any,  # noqa: ANN401
            headers: GivenHeaders | None,
            partition: int | None,
            timestamp_ms: int | None,
        ) -> D:
            name = topic.name if isinstance(topic, Topic) else topic
            pairs = header_pairs(name, headers)
            attributes = self._of_all | _destination(name, partition) | _content(key, value)
            span = self._tracer.start_span(
                f"send {name}", _parent(pairs), SpanKind.PRODUCER, attributes=attributes
            )
            try:
                delivery = send(topic, value, key, _carrying(span, pairs), partition, timestamp_ms)
            except BufferFull:
                raise  # it is sent again when there is room; this span is never seen
            except BaseException as error:
                _end_with(span, error)
                raise
            if span.is_recording():
                delivery.add_done_callback(lambda delivery: _delivered(span, delivery))
            return delivery

        return traced

    @contextmanager
    def many(self, topic: str, count: int, sent: SentRecords) -> Iterator[None]:
        """A span around a `send_many`. Its records carry no context: that costs more than to send them."""
        attributes = self._of_all | _destination(topic, None) | {"messaging.batch.message_count": count}
        span = self._tracer.start_span(f"send {topic}", kind=SpanKind.PRODUCER, attributes=attributes)
        error: BaseException | None = None
        try:
            yield
            error = SomeNotSentError(sent) if sent.has_errors else None
        except BaseException as raised:
            error = raised
            raise
        finally:
            _end_with(span, error)


class ConsumerTracing:
    """A span for each call of a handler, in the record's trace."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._tracer = _tracer(settings.telemetry)
        self._of_all = _OF_ALL | _operation("process") | {"messaging.client.id": settings.client_id}
        if settings.group_id is not None:
            self._of_all["messaging.consumer.group.name"] = settings.group_id

    def handles(self, handler: Handler) -> Handler:
        """`handler` in a span: a child of the one that sent the record, and linked to it."""

        async def traced(record: AnyRecord) -> None:
            context = record_context(record)
            sender = trace.get_current_span(context).get_span_context()
            attributes = self._of_all | _destination(record.topic, record.partition)
            attributes |= _content(record.raw_key, record.raw_value) | {"kafka.offset": record.offset}
            span = self._tracer.start_span(
                f"process {record.topic}",
                context,
                SpanKind.CONSUMER,
                attributes=attributes,
                links=[Link(sender)] if sender.is_valid else [],
            )
            try:
                with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                    await handler(record)
            except BaseException as error:
                _end_with(span, error)
                raise
            _end_with(span, None)

        return traced


def _tracer(telemetry: object) -> Tracer:
    if isinstance(telemetry, Tracer):
        return telemetry
    return trace.get_tracer("ottla", __version__, schema_url=SCHEMA_URL)


# Contexts


def _context_of(headers: Headers) -> Context:
    carrier = {name: value.decode(errors="replace") for name, value in headers if value is not None}
    return propagate.extract(carrier, context=Context())


def _parent(headers: Headers) -> Context | None:
    """None: the current context."""
    if not headers or trace.get_current_span().get_span_context().is_valid:
        return None
    return _context_of(headers)


def _carrying(span: Span, headers: Headers) -> Headers:
    """The headers with the span's context in place of another that they may have."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context=trace.set_span_in_context(span))
    others = [(name, value) for name, value in headers if name not in carrier]
    return [*others, *((name, text.encode()) for name, text in carrier.items())]


# Attributes


def _operation(name: str) -> dict[str, AttributeValue]:
    return {"messaging.operation.name": name, "messaging.operation.type": name}


def _destination(topic: str, partition: int | None) -> dict[str, AttributeValue]:
    named: dict[str, AttributeValue] = {"messaging.destination.name": topic}
    if partition is not None:
        named["messaging.destination.partition.id"] = str(partition)
    return named


def _content(key: object, value: object) -> dict[str, AttributeValue]:
    """The key, if it has one plain form as text; and whether the record is a tombstone."""
    said: dict[str, AttributeValue] = {}
    text = _text(key)
    if text is not None:
        said["kafka.message.key"] = text
    if value is None:
        said["kafka.message.tombstone"] = True
    return said


def _text(key: object) -> str | None:
    if isinstance(key, bytes | bytearray | memoryview):
        try:
            return bytes(key).decode()
        except UnicodeDecodeError:
            return None
    return str(key) if isinstance(key, str | int | UUID) else None


# Ends


def _delivered(span: Span, delivery: Ended) -> None:
    error = delivery.exception()
    if error is None:
        saved = delivery.result()
        span.set_attribute("messaging.destination.partition.id", str(saved.partition))
        if saved.offset >= 0:
            span.set_attribute("kafka.offset", saved.offset)
    _end_with(span, error)


def _end_with(span: Span, error: BaseException | None) -> None:
    """`error.type` is Kafka's name of an error, or the exception's class."""
    if error is not None:
        name = error.code.name if isinstance(error, KafkaError) else type(error).__qualname__
        span.set_attribute("error.type", name)
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, str(error)))
    span.end()
