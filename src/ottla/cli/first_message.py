"""The other half of `ottla demo`: sends a message, and shows it come back."""

import asyncio
import sys
from datetime import datetime

from ottla.cli.connecting import DEFAULT_BOOTSTRAP_SERVERS
from ottla.cli.output import print_text
from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.consumer import Consumer
from ottla.client.producing.producer import Producer
from ottla.core.clock import SystemClock
from ottla.core.errors import KafkaError

TOPIC = "first-steps"

_NEXT = """
Next, in another terminal (docs/guide/first-steps.md goes on from here):

  with Ottla      . .venv/bin/activate
                  echo 'hello' | ottla produce greetings{option}
                  ottla consume greetings --follow --from-beginning{option}

  with kcat       echo 'hello' | kcat -P -b {servers} -t greetings
                  kcat -C -b {servers} -t greetings -e

  with Python     from ottla.sync import Producer
                  with Producer("{servers}") as producer:
                      producer.send("greetings", b"hello")

Any other Kafka client will do: {servers} is all that it needs to know.

Ctrl-C stops the broker. What was sent stays, and is there again after the next start."""


async def first_message(servers: str) -> None:
    """Send, read, and tell what came back and what to try next."""
    now = datetime.fromtimestamp(SystemClock().now_ms() / 1000).astimezone()
    async with Producer(servers) as producer:
        saved = await producer.send(TOPIC, f"Hello from Ottla, {now:%A %H:%M:%S}".encode())
    async with Consumer(bootstrap_servers=servers) as consumer:
        partition = TopicPartition(TOPIC, saved.partition)
        consumer.assign([partition])
        consumer.seek(partition, saved.offset)
        record = await consumer.getone()
    print_text(f'sent a first message to the topic "{TOPIC}", and read it back:')
    print_text(f"  partition {saved.partition}, offset {record.offset}: {(record.value or b'').decode()}")
    option = "" if servers == DEFAULT_BOOTSTRAP_SERVERS else f" -b {servers}"
    print_text(_NEXT.format(servers=servers, option=option))


def main() -> int:
    """The argument: the broker's address."""
    try:
        asyncio.run(first_message(sys.argv[1]))
    except KeyboardInterrupt:
        return 0
    except KafkaError as error:
        sys.stderr.write(f"ottla: the first message failed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
