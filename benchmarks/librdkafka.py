"""librdkafka through ctypes: the library that confluent-kafka brings, without a Python object per message.

What is measured is the broker; a client that made a million Python objects would measure itself.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p
from importlib.metadata import distribution
from pathlib import Path

PRODUCER, CONSUMER = 0, 1
COPY = 2
BEGINNING = -2
ERROR_BYTES = 512


class Message(ctypes.Structure):
    """rd_kafka_message_t."""

    _fields_ = (
        ("err", c_int),
        ("rkt", c_void_p),
        ("partition", c_int32),
        ("payload", c_void_p),
        ("len", c_size_t),
        ("key", c_void_p),
        ("key_len", c_size_t),
        ("offset", c_int64),
        ("private", c_void_p),
    )


DeliveryCallback = CFUNCTYPE(None, c_void_p, POINTER(Message), c_void_p)


def _load() -> ctypes.CDLL:
    files = distribution("confluent-kafka").files or []
    (path,) = (Path(str(file.locate())) for file in files if ".libs/librdkafka" in str(file))
    library = ctypes.CDLL(str(path))
    for name in ("conf_new", "new", "topic_new", "queue_new"):
        getattr(library, f"rd_kafka_{name}").restype = c_void_p
    for name in ("version_str", "err2str"):
        getattr(library, f"rd_kafka_{name}").restype = c_char_p
    library.rd_kafka_consume_callback_queue.argtypes = [c_void_p, c_int, c_void_p, c_void_p]
    return library


LIBRARY = _load()


def version() -> str:
    return str(LIBRARY.rd_kafka_version_str().decode())


def _new(kind: int, settings: dict[str, str], delivered: object = None) -> c_void_p:
    configuration = c_void_p(LIBRARY.rd_kafka_conf_new())
    words = ctypes.create_string_buffer(ERROR_BYTES)
    for key, value in settings.items():
        done = LIBRARY.rd_kafka_conf_set(configuration, key.encode(), value.encode(), words, ERROR_BYTES)
        if done != 0:
            raise ValueError(words.value.decode())
    if delivered is not None:
        LIBRARY.rd_kafka_conf_set_dr_msg_cb(configuration, delivered)
    handle = LIBRARY.rd_kafka_new(kind, configuration, words, ERROR_BYTES)
    if not handle:
        raise RuntimeError(words.value.decode())
    return c_void_p(handle)


class BulkProducer:
    """Produces the same message over and over. Counts what was not delivered in `failed`."""

    BATCH = 1_000

    def __init__(self, settings: dict[str, str], topic: str, payload: bytes) -> None:
        self.failed = 0
        self._callback = DeliveryCallback(self._not_delivered)
        self._handle = _new(PRODUCER, settings | {"delivery.report.only.error": "true"}, self._callback)
        self._topic = c_void_p(LIBRARY.rd_kafka_topic_new(self._handle, topic.encode(), None))
        self._payload = ctypes.create_string_buffer(payload, len(payload))
        message = Message(payload=ctypes.addressof(self._payload), len=len(payload))
        self._messages = (Message * self.BATCH)(*[message] * self.BATCH)

    def _not_delivered(self, _handle: int, _message: object, _opaque: int) -> None:
        self.failed += 1

    def send(self, count: int) -> None:
        """Queue `count` messages, partitioned at random, waiting while the queue is full."""
        sent = 0
        while sent < count:
            wanted = min(self.BATCH, count - sent)
            queued = LIBRARY.rd_kafka_produce_batch(self._topic, -1, COPY, self._messages, wanted)
            sent += queued
            if queued < wanted:
                LIBRARY.rd_kafka_poll(self._handle, 1)

    def flush(self, seconds: float) -> None:
        """Wait until all is acknowledged; RuntimeError when something is not."""
        if LIBRARY.rd_kafka_flush(self._handle, int(seconds * 1000)) != 0 or self.failed:
            raise RuntimeError(f"{self.failed} messages failed, {self.waiting} left")

    @property
    def waiting(self) -> int:
        return int(LIBRARY.rd_kafka_outq_len(self._handle))

    def poll(self, milliseconds: int) -> None:
        LIBRARY.rd_kafka_poll(self._handle, milliseconds)


class BulkConsumer:
    """Reads partitions from the beginning and only counts."""

    def __init__(self, settings: dict[str, str], topic: str, partitions: int) -> None:
        self._handle = _new(CONSUMER, settings)
        self._topic = c_void_p(LIBRARY.rd_kafka_topic_new(self._handle, topic.encode(), None))
        self._queue = c_void_p(LIBRARY.rd_kafka_queue_new(self._handle))
        # Any C function that ignores its arguments serves as a callback that costs nothing.
        self._ignore = ctypes.cast(ctypes.CDLL(None).getppid, c_void_p)
        for partition in range(partitions):
            LIBRARY.rd_kafka_consume_start_queue(
                self._topic, c_int32(partition), c_int64(BEGINNING), self._queue
            )

    def count(self, milliseconds: int) -> int:
        """Messages received within the time, each looked at and freed by librdkafka."""
        return int(
            LIBRARY.rd_kafka_consume_callback_queue(self._queue, milliseconds, self._ignore, byref(c_int()))
        )
