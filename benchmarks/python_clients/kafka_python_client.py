"""kafka-python: pure Python and threads."""

from kafka import KafkaConsumer, KafkaProducer

from benchmarks.python_clients.work import AT_ONCE, Work


def _producer(work: Work, **settings: object) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=work.bootstrap, acks="all", **settings)


def produce(work: Work) -> dict[str, float]:
    producer = _producer(work)
    for count in (work.warm_up, work.messages):
        work.start()
        for _ in range(count):
            producer.send(work.topic, work.payload)
        producer.flush()
    figures = work.figures()
    producer.close()
    return figures


def awaited(work: Work) -> dict[str, float]:
    producer = _producer(work)
    for _ in work.timed():
        producer.send(work.topic, work.payload).get(30)
    figures = work.figures()
    producer.close()
    return figures


def _consumer(work: Work, group: str) -> KafkaConsumer:
    return KafkaConsumer(
        work.topic, bootstrap_servers=work.bootstrap, group_id=group, auto_offset_reset="earliest"
    )


def consume_many(work: Work) -> dict[str, float]:
    consumer = _consumer(work, "many")
    seen, warm = 0, False
    while not warm or seen < work.messages:
        for records in consumer.poll(timeout_ms=100, max_records=AT_ONCE).values():
            seen += len([record.value for record in records])
        if not warm and seen >= work.warm_up:
            warm, seen = True, 0
            work.start()
    figures = work.figures()
    consumer.close()
    return figures


def consume(work: Work) -> dict[str, float]:
    consumer = _consumer(work, "one")
    size = 0
    for seen, record in enumerate(consumer, 1):
        size += len(record.value)
        if seen == work.warm_up:
            work.start()
        elif seen == work.warm_up + work.messages:
            break
    figures = work.figures()
    consumer.close()
    return figures
