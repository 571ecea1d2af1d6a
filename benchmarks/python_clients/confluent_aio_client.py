"""confluent-kafka's asyncio producer, on a pool of threads."""

from concurrent.futures import ThreadPoolExecutor

from confluent_kafka.aio import AIOProducer

from benchmarks.python_clients.work import Work


def _producer(work: Work) -> AIOProducer:
    settings = {"bootstrap.servers": work.bootstrap, "acks": "all", "log_level": 0}
    return AIOProducer(settings, executor=ThreadPoolExecutor(2))


async def produce(work: Work) -> dict[str, float]:
    producer = _producer(work)
    for count in (work.warm_up, work.messages):
        work.start()
        sent = [await producer.produce(work.topic, value=work.payload) for _ in range(count)]
        await producer.flush()
        for delivery in sent:
            await delivery
    figures = work.figures()
    await producer.close()
    return figures


async def awaited(work: Work) -> dict[str, float]:
    producer = _producer(work)
    for _ in work.timed():
        delivery = await producer.produce(work.topic, value=work.payload)
        await producer.flush()
        await delivery
    figures = work.figures()
    await producer.close()
    return figures
