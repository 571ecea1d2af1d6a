"""Consume, transform, produce, commit offsets in one transaction, with Ottla's own client: until killed.

python ottla_copier.py BOOTSTRAP INPUT OUTPUT GROUP TRANSACTIONAL_ID
"""

import asyncio
import faulthandler
import logging
import random
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.consumer import Consumer
from ottla.client.producing.producer import Producer
from ottla.core.errors import KafkaError

TRANSACTION_SIZE = 40
ABORTED = 0.1
"""The part of transactions that the copier aborts of its own will."""


class UnwantedError(Exception):
    """What a transaction is aborted with on a whim."""


async def copy(bootstrap: str, source: str, target: str, group: str, transactional_id: str) -> None:
    consumer = Consumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,
    )
    producer = Producer(bootstrap, transactional_id=transactional_id, transaction_timeout_ms=10_000)
    async with producer, consumer:
        while True:
            fetched = await consumer.getmany(timeout_ms=200, max_records=TRANSACTION_SIZE)
            if fetched:
                await _copy(consumer, producer, fetched, target)


async def _copy(
    consumer: Consumer[Any, Any],
    producer: Producer,
    fetched: Mapping[TopicPartition, Sequence[Any]],
    target: str,
) -> None:
    try:
        async with producer.transaction(consumer) as transaction:
            for partition, records in fetched.items():
                for record in records:
                    transaction.send_nowait(
                        target, record.value, key=record.key, partition=partition.partition
                    )
            if random.random() < ABORTED:
                raise UnwantedError
    except UnwantedError:
        for partition, records in fetched.items():
            if partition in consumer.assignment():
                consumer.seek(partition, records[0].offset)


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.ERROR)
    faulthandler.register(signal.SIGUSR1)
    try:
        asyncio.run(copy(*sys.argv[1:]))
    except KafkaError as error:
        sys.exit(f"copying failed: {error!r}")
