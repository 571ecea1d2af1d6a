"""The producer's parts below its sender, by hand: records go in, batches come out, a test answers them."""

from typing import Any

from ottla.client.brokers.address import Address
from ottla.client.brokers.metadata import Metadata, PartitionMetadata, TopicMetadata, TopicPartition
from ottla.client.config.settings import ProducerSettings, settings_from
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.delivery import Delivery
from ottla.client.producing.idempotence import ProducerIdentity
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.client.producing.partition_queue import PartitionQueue
from ottla.core.errors import ErrorCode
from ottla.records.batch import batches
from ottla.records.reader import read_values

A, B = TopicPartition("t", 0), TopicPartition("t", 1)
IDENTITY = ProducerIdentity(7, 0)
TIMESTAMP_MS = 5


def settings(**options: Any) -> ProducerSettings:
    return settings_from(
        ProducerSettings,
        {"linger_ms": 10, "batch_size": 300, "delivery_timeout_ms": 1000, "buffer_memory": 2000, **options},
    )


def metadata(partitions: int = 4, brokers: int = 2) -> Metadata:
    """Partition n of the topic `t` is led by broker n % brokers."""
    led = {
        number: PartitionMetadata(
            number % brokers, 0, (number % brokers,), (number % brokers,), ErrorCode.NONE
        )
        for number in range(partitions)
    }
    topic = TopicMetadata("t", bytes(16), False, ErrorCode.NONE, led)
    return Metadata(
        brokers={number: Address("h", number + 1) for number in range(brokers)}, topics={"t": topic}
    )


def accumulator(**options: Any) -> Accumulator:
    """Identified, if it is idempotent."""
    made = Accumulator(settings(**options))
    if made.identity is None:
        made.identify(IDENTITY)
    return made


def append(
    target: Accumulator, value: bytes = b"v", now: float = 1.0, partition: TopicPartition = A
) -> Delivery:
    """As the appender does it."""
    queue = target.queue(partition)
    builder = queue.builder
    if builder is None or builder.size_in_bytes + len(value) + 32 > queue.limit_bytes:
        builder = target.open(queue, len(value) + 32, now)
    assert queue.outcome is not None
    index = builder.append(TIMESTAMP_MS, None, value)
    return Delivery(queue.outcome, index, TIMESTAMP_MS)


def due(target: Accumulator, now: float) -> list[PartitionQueue]:
    """The queues that the sender would take from."""
    target.look(now)
    assert target.identity is not None
    return [queue for queue in target.ready if target.is_due(queue, now) and queue.may_take(target.identity)]


def take(target: Accumulator, now: float = 1.5) -> OutgoingBatch:
    """From the only queue that is due."""
    [queue] = due(target, now)
    return target.take(queue)


def values(batch: OutgoingBatch) -> list[bytes | None]:
    [decoded] = batches(batch.encode())
    return read_values(decoded)
