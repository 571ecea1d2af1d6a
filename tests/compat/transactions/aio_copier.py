"""Consume, transform, produce, commit offsets in one transaction, with aiokafka: until killed.

python aio_copier.py BOOTSTRAP INPUT OUTPUT GROUP TRANSACTIONAL_ID

aiokafka does not send the group's metadata (KIP-447), so that only the transactional id can fence: one copier reads
all partitions, and finds out where to begin after its id is its own.
"""

import asyncio
import faulthandler
import logging
import random
import signal
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

TRANSACTION_SIZE = 40
ABORTED = 0.1
"""The part of transactions that the copier aborts of its own will."""


async def copy(bootstrap: str, source: str, target: str, group: str, transactional_id: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, transactional_id=transactional_id, transaction_timeout_ms=10_000
    )
    await producer.start()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    numbers = await producer.partitions_for(source)
    partitions = [TopicPartition(source, number) for number in numbers]
    consumer.assign(partitions)
    while True:
        fetched = await consumer.getmany(timeout_ms=200, max_records=TRANSACTION_SIZE)
        if not fetched:
            continue
        await producer.begin_transaction()
        for partition, records in fetched.items():
            for record in records:
                await producer.send(target, record.value, record.key, partition.partition)
        if random.random() < ABORTED:
            await producer.abort_transaction()
            for partition in partitions:
                consumer.seek(partition, await consumer.committed(partition) or 0)
            continue
        ends = {partition: records[-1].offset + 1 for partition, records in fetched.items()}
        await producer.send_offsets_to_transaction(ends, group)
        await producer.commit_transaction()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.ERROR)
    faulthandler.register(signal.SIGUSR1)
    try:
        asyncio.run(copy(*sys.argv[1:]))
    except KafkaError as error:
        sys.exit(f"copying failed: {error!r}")
