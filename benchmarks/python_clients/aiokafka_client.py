"""aiokafka: asyncio, with its records in Cython."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.python_clients.work import AT_ONCE, Work


async def produce(work: Work) -> dict[str, float]:
    async with AIOKafkaProducer(bootstrap_servers=work.bootstrap, acks="all") as producer:
        for count in (work.warm_up, work.messages):
            work.start()
            sent = [await producer.send(work.topic, work.payload) for _ in range(count)]
            await asyncio.gather(*sent)
        return work.figures()


async def awaited(work: Work) -> dict[str, float]:
    async with AIOKafkaProducer(bootstrap_servers=work.bootstrap, acks="all") as producer:
        for _ in work.timed():
            await producer.send_and_wait(work.topic, work.payload)
        return work.figures()


def _consumer(work: Work, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        work.topic, bootstrap_servers=work.bootstrap, group_id=group, auto_offset_reset="earliest"
    )


async def consume_many(work: Work) -> dict[str, float]:
    seen, warm = 0, False
    async with _consumer(work, "many") as consumer:
        while not warm or seen < work.messages:
            for records in (await consumer.getmany(timeout_ms=100, max_records=AT_ONCE)).values():
                seen += len([record.value for record in records])
            if not warm and seen >= work.warm_up:
                warm, seen = True, 0
                work.start()
        return work.figures()


async def consume(work: Work) -> dict[str, float]:
    seen, size = 0, 0
    async with _consumer(work, "one") as consumer:
        async for record in consumer:
            size += len(record.value)
            seen += 1
            if seen == work.warm_up:
                work.start()
            elif seen == work.warm_up + work.messages:
                break
        return work.figures()
