"""Spans and their context, as OpenTelemetry's own SDK sees them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, Tracer

import ottla.sync
from ottla import Consumer, DeadLetter, KafkaError, Producer, Record, Retry, SerializationError, Topic
from ottla.client.producing.sent_records import SomeNotSentError
from ottla.client.telemetry.telemetry import record_context
from ottla.testing.broker_thread import BrokerThread


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with BrokerThread() as broker:
        yield broker.bootstrap_servers


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("tests")


def only(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    [span] = [span for span in exporter.get_finished_spans() if span.name == name]
    return span


async def first(servers: str, topic: str) -> Record[bytes, bytes]:
    async with Consumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        return await consumer.getone()


async def handled(servers: str, topic: str, tracer: Tracer, group: str = "readers") -> Record[bytes, bytes]:
    """The topic's first record, after a traced handler has had it."""
    seen: asyncio.Queue[Record[bytes, bytes]] = asyncio.Queue()
    async with Consumer(
        topic, bootstrap_servers=servers, auto_offset_reset="earliest", group_id=group, telemetry=tracer
    ) as consumer:
        running = asyncio.create_task(consumer.run(seen.put))
        record = await seen.get()
        running.cancel()
        await asyncio.wait([running])
    return record


async def test_a_record_and_its_processing_are_one_trace(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    async with Producer(servers, telemetry=tracer, client_id="till") as producer:
        with tracer.start_as_current_span("request"):
            await producer.send("one", b"tea", key=b"alice", headers={"a": b"1"})
    record = await handled(servers, "one", tracer)
    request, sent, processed = (only(exporter, name) for name in ("request", "send one", "process one"))
    assert request.context is not None
    assert sent.context is not None
    assert sent.parent is not None
    assert processed.parent is not None
    assert sent.kind is SpanKind.PRODUCER
    assert sent.parent.span_id == request.context.span_id
    assert dict(sent.attributes or {}) == {
        "messaging.system.name": "kafka",
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.client.id": "till",
        "messaging.destination.name": "one",
        "messaging.destination.partition.id": "0",
        "kafka.message.key": "alice",
        "kafka.offset": 0,
    }
    assert processed.kind is SpanKind.CONSUMER
    assert processed.parent.span_id == sent.context.span_id
    assert [link.context.span_id for link in processed.links] == [sent.context.span_id]
    assert dict(processed.attributes or {}) == {
        "messaging.system.name": "kafka",
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.client.id": "ottla",
        "messaging.consumer.group.name": "readers",
        "messaging.destination.name": "one",
        "messaging.destination.partition.id": "0",
        "kafka.message.key": "alice",
        "kafka.offset": 0,
    }
    ids = f"{sent.context.trace_id:032x}-{sent.context.span_id:016x}"
    assert [name for name, _ in record.headers] == ["a", "traceparent"]
    assert (record.headers[1][1] or b"").startswith(f"00-{ids}-".encode())
    assert trace.get_current_span(record_context(record)).get_span_context().span_id == sent.context.span_id


async def test_what_a_handler_sends_belongs_to_the_record_that_it_handles(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    done = asyncio.Event()
    async with (
        Producer(servers, telemetry=tracer) as producer,
        Consumer("in", bootstrap_servers=servers, auto_offset_reset="earliest", telemetry=tracer) as consumer,
    ):

        async def forward(record: Record[bytes, bytes]) -> None:
            await producer.send("out", record.value, headers=record.headers)
            done.set()

        await producer.send("in", b"x")
        running = asyncio.create_task(consumer.run(forward))
        await done.wait()
        running.cancel()
        await asyncio.wait([running])
    processed, sent = only(exporter, "process in"), only(exporter, "send out")
    assert sent.parent is not None
    assert processed.context is not None
    assert sent.parent.span_id == processed.context.span_id
    forwarded = await first(servers, "out")
    assert [name for name, _ in forwarded.headers] == ["traceparent"]  # the new one in the old one's place
    assert sent.context is not None
    assert f"{sent.context.span_id:016x}".encode() in (forwarded.headers[0][1] or b"")


async def test_a_record_without_a_context_begins_a_trace(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    async with Producer(servers) as producer:
        await producer.send("plain", None, key=b"\xff")
    with tracer.start_as_current_span("program"):
        record = await handled(servers, "plain", tracer)
    processed = only(exporter, "process plain")
    assert record.headers == ()
    assert processed.parent is None
    assert not processed.links
    assert processed.attributes is not None
    assert processed.attributes["kafka.message.tombstone"] is True
    assert "kafka.message.key" not in processed.attributes  # no text
    assert not trace.get_current_span(record_context(record)).get_span_context().is_valid


async def test_headers_that_name_a_context_are_followed_where_there_is_no_current_span(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    parent = f"00-{7:032x}-{9:016x}-01"
    async with Producer(servers, telemetry=tracer) as producer:
        await producer.send("followed", b"x", headers=[("traceparent", parent.encode()), ("b", None)])
    sent = only(exporter, "send followed")
    assert sent.parent is not None
    assert (sent.parent.trace_id, sent.parent.span_id) == (7, 9)
    assert [name for name, _ in (await first(servers, "followed")).headers] == ["b", "traceparent"]


async def test_many_records_are_one_span(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    async with Producer(servers, telemetry=tracer, max_request_size=500, batch_size=400) as producer:
        await producer.send_many("many", [b"1", b"2", b"3"])
        [span] = exporter.get_finished_spans()
        assert span.name == "send many"
        assert (span.attributes or {})["messaging.batch.message_count"] == 3
        assert span.status.status_code is StatusCode.UNSET
        exporter.clear()
        with pytest.raises(SomeNotSentError):
            await producer.send_many("many", [b"1", b"2" * 1000])
        await producer.send_many("many", [b"1", b"2" * 1000], return_exceptions=True)
        for span in exporter.get_finished_spans():
            assert span.status.status_code is StatusCode.ERROR
            assert (span.attributes or {})["error.type"] == "MESSAGE_TOO_LARGE"
        assert len(exporter.get_finished_spans()) == 2


async def test_what_fails_says_so(servers: str, tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    async with Producer(servers, telemetry=tracer, max_request_size=500) as producer:
        with pytest.raises(KafkaError):
            await producer.send("failing", b"x" * 1000)
        with pytest.raises(SerializationError):
            await producer.send("failing", "text")
        with pytest.raises(SerializationError):
            await producer.send("failing", b"x", headers=["no header"])  # type: ignore[list-item]
        await producer.send("failing", b"x", partition=0)
        with pytest.raises(KafkaError):
            await producer.send_nowait("failing", b"x", partition=99)
    spans = sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)
    errors = [(span.attributes or {}).get("error.type") for span in spans]
    assert errors == ["MESSAGE_TOO_LARGE", "INVALID_RECORD", None, "UNKNOWN_TOPIC_OR_PARTITION"]
    assert [span.status.is_ok for span in spans] == [False, False, True, False]


async def test_each_attempt_is_a_span_and_a_dead_letter_stays_in_the_trace(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    async def refuse(_: Record[bytes, bytes]) -> None:
        raise ValueError("not an order")

    rule = Retry(attempts=2, backoff_ms=1, then=DeadLetter("graves"))
    async with (
        Producer(servers, telemetry=tracer) as producer,
        Consumer(
            "ill", bootstrap_servers=servers, auto_offset_reset="earliest", telemetry=tracer
        ) as consumer,
    ):
        await producer.send("ill", b"x")
        running = asyncio.create_task(consumer.run(refuse, on_error=rule))
        await first(servers, "graves")
        running.cancel()
        await asyncio.wait([running])
    attempts = [span for span in exporter.get_finished_spans() if span.name == "process ill"]
    assert [(span.attributes or {})["error.type"] for span in attempts] == ["ValueError", "ValueError"]
    buried, sent = only(exporter, "send graves"), only(exporter, "send ill")
    assert sent.context is not None
    assert buried.parent is not None
    assert buried.parent.span_id == sent.context.span_id


def test_without_asyncio_the_callers_span_is_the_parent(
    servers: str, tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    topic = Topic("blocking", key=str, value=int)
    with ottla.sync.Producer(servers, telemetry=tracer) as producer:
        producer.send_nowait(topic, 0).result()
        with tracer.start_as_current_span("caller"):
            producer.send(topic, 1, key="one")
            producer.send_nowait(topic, 2, key="two").result()
    spans = exporter.get_finished_spans()
    caller = only(exporter, "caller")
    assert caller.context is not None
    parents = [span.parent and span.parent.span_id for span in spans if span.name == "send blocking"]
    assert parents == [None, caller.context.span_id, caller.context.span_id]
    keys = [(span.attributes or {}).get("kafka.message.key") for span in spans]
    assert keys == [None, "one", "two", None]


async def test_without_a_provider_contexts_go_on_and_nothing_else_happens(servers: str) -> None:
    """The API alone makes no spans of its own."""
    parent = f"00-{7:032x}-{9:016x}-01".encode()
    async with Producer(servers, telemetry="opentelemetry") as producer:
        await producer.send("quiet", b"x", headers={"traceparent": parent})
    assert (await first(servers, "quiet")).headers == (("traceparent", parent),)


OFF = """
import asyncio, sys
from ottla import Consumer, Producer

async def main(servers):
    async with Producer(servers) as producer, Consumer("off", bootstrap_servers=servers) as consumer:
        await producer.send("off", b"x")
        running = asyncio.create_task(consumer.run(print))
        await asyncio.sleep(0)
        running.cancel()

asyncio.run(main(sys.argv[1]))
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
sys.modules["opentelemetry"] = None
try:
    Producer(telemetry="opentelemetry")
except ImportError as error:
    print(error)
"""


def test_nothing_is_imported_when_it_is_off_and_a_missing_library_is_said(servers: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFF, servers], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert "pip install 'ottla[opentelemetry]'" in done.stdout
