"""The throughput client, a process of its own: `python -m benchmarks.throughput produce …`; prints JSON."""

import argparse
import json
import os
import random
import time

from benchmarks.librdkafka import BulkConsumer, BulkProducer
from benchmarks.usage import Meter

FLUSH_SECONDS = 120.0
PATIENCE_SECONDS = 30.0


def producer(options: argparse.Namespace) -> BulkProducer:
    settings = {
        "bootstrap.servers": options.bootstrap,
        "acks": options.acks,
        "linger.ms": options.linger_ms,
        "queue.buffering.max.messages": "1000000",
        "queue.buffering.max.kbytes": "524288",
        "log_level": "0",
    }
    return BulkProducer(settings, options.topic, random.Random(1).randbytes(options.bytes))


def produce(options: argparse.Namespace) -> dict[str, float]:
    """A quarter of the messages to warm up, then all, from the first queued to the last acknowledged."""
    client = producer(options)
    client.send(options.messages // 4)
    client.flush(FLUSH_SECONDS)
    return measure_produce(client, options)


def measure_produce(client: BulkProducer, options: argparse.Namespace) -> dict[str, float]:
    broker, own = Meter(options.pid), Meter(os.getpid())
    client.send(options.messages)
    client.flush(FLUSH_SECONDS)
    return figures(options, broker, own)


def figures(options: argparse.Namespace, broker: Meter, own: Meter) -> dict[str, float]:
    seconds, millions = broker.seconds, options.messages / 1e6
    return {
        "messages_per_second": options.messages / seconds,
        "mb_per_second": options.messages * options.bytes / seconds / 1e6,
        "broker_cpu_per_million": broker.cpu / millions,
        "client_cpu_per_million": own.cpu / millions,
    }


def consume(options: argparse.Namespace) -> dict[str, float]:
    """A quarter of the messages to warm up, then the rest."""
    settings = {
        "bootstrap.servers": options.bootstrap,
        "queued.min.messages": "1000000",
        "log_level": "0",
    }
    client = BulkConsumer(settings, options.topic, options.partitions)
    warm = read_until(client, options.messages // 4)
    broker, own = Meter(options.pid), Meter(os.getpid())
    options.messages = read_until(client, options.messages - warm)
    return figures(options, broker, own)


def read_until(client: BulkConsumer, messages: int) -> int:
    """How many were read: at least `messages`; RuntimeError when nothing comes."""
    seen = 0
    heard = time.monotonic()
    while seen < messages:
        got = client.count(10)
        seen += got
        if got:
            heard = time.monotonic()
        elif time.monotonic() > heard + PATIENCE_SECONDS:
            raise RuntimeError(f"{seen} of {messages} messages, then silence")
    return seen


def load(options: argparse.Namespace) -> dict[str, float]:
    """Produce without end; for the rows that need a broker under load. Ends with the process."""
    client = producer(options)
    while True:
        client.send(1_000)
        client.poll(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("produce", "consume", "load"))
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--pid", type=int, required=True, help="the broker's")
    parser.add_argument("--messages", type=int, default=0)
    parser.add_argument("--bytes", type=int, default=100)
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--acks", default="all")
    parser.add_argument("--linger-ms", default="0")
    options = parser.parse_args()
    print(json.dumps({"produce": produce, "consume": consume, "load": load}[options.work](options)))


if __name__ == "__main__":
    main()
