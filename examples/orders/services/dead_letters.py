"""Puts dead letters back where they came from, once whatever was wrong is mended.

Every reader of that topic gets the event a second time; those that had handled it change nothing.

    python -m ottla_examples.orders.services.dead_letters 127.0.0.1:9092
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

from ottla import Consumer, Producer, Record, TopicPartition
from ottla_examples.orders.topics import DEAD_LETTERS, PARTITIONS

GROUP: Final = "dead-letters-replay"
_PREFIX: Final = "dead-letter."


async def replay(bootstrap_servers: str) -> int:
    """How many there were until now, and were put back. Those that were put back before are not again."""
    places = [TopicPartition(DEAD_LETTERS.name, number) for number in range(PARTITIONS)]
    replayed = 0
    async with (
        Producer(bootstrap_servers) as producer,
        Consumer(
            bootstrap_servers=bootstrap_servers, group_id=GROUP, auto_offset_reset="earliest"
        ) as consumer,
    ):
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                replayed += await _put_back(producer, records)
            await consumer.commit({place: await consumer.position(place) for place in places})
    return replayed


async def _put_back(producer: Producer, records: Sequence[Record[bytes, bytes]]) -> int:
    for record in records:
        topic = (dict(record.headers)[f"{_PREFIX}topic"] or b"").decode()
        kept = [(name, value) for name, value in record.headers if not name.startswith(_PREFIX)]
        await producer.send(topic, record.raw_value, key=record.raw_key, headers=kept)
    return len(records)


if __name__ == "__main__":
    print(f"{asyncio.run(replay(sys.argv[1]))} put back")
