"""Ottla's own clients."""

from benchmarks.python_clients.work import AT_ONCE, Work
from ottla import Consumer, Producer
from ottla.client import BufferFull


async def produce_many(work: Work) -> dict[str, float]:
    async with Producer(work.bootstrap, acks="all") as producer:
        await producer.send_many(work.topic, [work.payload] * work.warm_up)
        work.start()
        for _ in range(work.messages // AT_ONCE):
            await producer.send_many(work.topic, [work.payload] * AT_ONCE)
        return work.figures()


async def produce(work: Work) -> dict[str, float]:
    async with Producer(work.bootstrap, acks="all") as producer:
        for number in range(work.warm_up + work.messages):
            if number == work.warm_up:
                await producer.flush()
                work.start()
            try:
                producer.send_nowait(work.topic, work.payload)
            except BufferFull:
                await producer.ready()
                producer.send_nowait(work.topic, work.payload)
        await producer.flush()
        return work.figures()


async def awaited(work: Work) -> dict[str, float]:
    async with Producer(work.bootstrap, acks="all") as producer:
        for _ in work.timed():
            await producer.send(work.topic, work.payload)
        return work.figures()


async def consume_many(work: Work) -> dict[str, float]:
    seen, warm = 0, False
    async with Consumer(
        work.topic, bootstrap_servers=work.bootstrap, group_id="many", auto_offset_reset="earliest"
    ) as consumer:
        async for batch in consumer.batches(max_records=AT_ONCE):
            seen += len(batch.values())
            if not warm and seen >= work.warm_up:
                warm, seen = True, 0
                work.start()
            elif seen >= work.messages:
                break
        return work.figures()


async def consume(work: Work) -> dict[str, float]:
    seen, size = 0, 0
    async with Consumer(
        work.topic, bootstrap_servers=work.bootstrap, group_id="one", auto_offset_reset="earliest"
    ) as consumer:
        async for record in consumer:
            size += len(record.value)
            seen += 1
            if seen == work.warm_up:
                work.start()
            elif seen == work.warm_up + work.messages:
                break
        return work.figures()
