"""The other half of `ottla demo`: waits for the broker, sends a message, and shows it come back."""

import asyncio
import os
import sys
from datetime import datetime

from ottla.cli.output import print_text
from ottla.client.consumer import Consumer
from ottla.client.metadata import TopicPartition
from ottla.client.producer import Producer
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError

TOPIC = "first-steps"
_RETRY_SECONDS = 0.02

_NEXT = """
Next, in another terminal (docs/guide/first-steps.md goes on from here):

  with Ottla      . .venv/bin/activate
                  echo 'hello' | ottla produce greetings{option}
                  ottla consume greetings --follow --from-beginning{option}

  with kcat       echo 'hello' | kcat -P -b {servers} -t greetings
                  kcat -C -b {servers} -t greetings

  with Python     from confluent_kafka import Producer           # pip install confluent-kafka
                  producer = Producer({{"bootstrap.servers": "{servers}"}})
                  producer.produce("greetings", b"hello")
                  producer.flush()

Ctrl-C stops the broker. What was sent stays, and is there again after the next start."""


async def first_message(servers: str, parent: int) -> None:
    """Send, read, and tell; end in silence when `parent`, the broker, is gone."""
    now = datetime.fromtimestamp(SystemClock().now_ms() / 1000).astimezone()
    text = f"Hello from Ottla, {now:%A %H:%M:%S}"
    while os.getppid() == parent:
        try:
            async with Producer(servers) as producer:
                saved = await producer.send(TOPIC, text.encode())
            break
        except KafkaError as error:
            if error.code != ErrorCode.BROKER_NOT_AVAILABLE:
                raise
            await asyncio.sleep(_RETRY_SECONDS)
    else:
        return
    async with Consumer(servers) as consumer:
        await consumer.assign({TopicPartition(TOPIC, saved.partition): saved.offset})
        record = (await consumer.poll()).records[0]
    print_text(f'sent a first message to the topic "{TOPIC}", and read it back:')
    print_text(f"  partition {saved.partition}, offset {record.offset}: {(record.value or b'').decode()}")
    option = "" if servers == "127.0.0.1:9092" else f" -b {servers}"
    print_text(_NEXT.format(servers=servers, option=option))


def main() -> int:
    """Arguments: the broker's address, and the process that must live."""
    try:
        asyncio.run(first_message(sys.argv[1], int(sys.argv[2])))
    except KeyboardInterrupt:
        pass
    except KafkaError as error:
        sys.stderr.write(f"ottla: the first message failed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
