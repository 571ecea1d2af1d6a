"""confluent-kafka: librdkafka in C, called from Python."""

from confluent_kafka import Consumer, Producer

from benchmarks.python_clients.work import AT_ONCE, Work


def _producer(work: Work) -> Producer:
    return Producer({"bootstrap.servers": work.bootstrap, "acks": "all", "log_level": 0})


def produce(work: Work) -> dict[str, float]:
    producer = _producer(work)
    for number in range(work.warm_up + work.messages):
        if number == work.warm_up:
            producer.flush()
            work.start()
        while True:
            try:
                producer.produce(work.topic, work.payload)
                break
            except BufferError:
                producer.poll(0.01)
    producer.flush()
    return work.figures()


def awaited(work: Work) -> dict[str, float]:
    """The nearest thing: every message flushed by itself, without lingering."""
    settings = {"bootstrap.servers": work.bootstrap, "acks": "all", "linger.ms": 0, "log_level": 0}
    producer = Producer(settings)
    for _ in work.timed():
        producer.produce(work.topic, work.payload)
        producer.flush()
    return work.figures()


def _consumer(work: Work, group: str) -> Consumer:
    settings = {
        "bootstrap.servers": work.bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        # At its best: with its default, librdkafka rests for a second whenever 100,000 records are queued.
        "fetch.queue.backoff.ms": 1,
        "log_level": 0,
    }
    consumer = Consumer(settings)
    consumer.subscribe([work.topic])
    return consumer


def consume_many(work: Work) -> dict[str, float]:
    consumer = _consumer(work, "many")
    seen, warm = 0, False
    while not warm or seen < work.messages:
        seen += len([message.value() for message in consumer.consume(AT_ONCE, 0.1)])
        if not warm and seen >= work.warm_up:
            warm, seen = True, 0
            work.start()
    figures = work.figures()
    consumer.close()
    return figures


def consume(work: Work) -> dict[str, float]:
    consumer = _consumer(work, "one")
    seen, size = 0, 0
    while seen < work.warm_up + work.messages:
        message = consumer.poll(0.1)
        if message is None or message.error():
            continue
        size += len(message.value() or b"")
        seen += 1
        if seen == work.warm_up:
            work.start()
    figures = work.figures()
    consumer.close()
    return figures
