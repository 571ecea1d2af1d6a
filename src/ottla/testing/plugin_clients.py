"""What the plugin's fixtures give: imported when one is used."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Unpack
from uuid import uuid4

from ottla.client.config.options import ConsumerOptions, ProducerOptions
from ottla.client.consuming.consumer import Consumer
from ottla.client.producing.producer import Producer
from ottla.client.sync.admin import Admin as SyncAdmin
from ottla.client.sync.consumer import Consumer as SyncConsumer
from ottla.client.sync.producer import Producer as SyncProducer
from ottla.client.topic import Topic
from ottla.core.errors import StaleMetadataError
from ottla.testing.configs import config_values

_MOST_NAME_LETTERS = 200  # of the 249 that Kafka allows; the rest makes the name unique


@dataclass(frozen=True, slots=True)
class OtherBroker:
    """One that somebody else runs."""

    bootstrap_servers: str


@dataclass(frozen=True, slots=True)
class ProducerFactory:
    """`async with kafka_producer(acks=1) as producer:`."""

    bootstrap_servers: str

    def __call__(self, **options: Unpack[ProducerOptions]) -> Producer:
        """A producer that is not started yet."""
        return Producer(self.bootstrap_servers, **options)


@dataclass(frozen=True, slots=True)
class ConsumerFactory:
    """`async with kafka_consumer(topic, group_id="g") as consumer:`; `auto_offset_reset` is "earliest" here."""

    bootstrap_servers: str

    def __call__(
        self, *topics: str | Topic[Any, Any], **options: Unpack[ConsumerOptions]
    ) -> Consumer[Any, Any]:
        """A consumer that is not started yet."""
        with_default: ConsumerOptions = {"auto_offset_reset": "earliest", **options}
        return Consumer(*topics, bootstrap_servers=self.bootstrap_servers, **with_default)


@dataclass(frozen=True, slots=True)
class SyncProducerFactory:
    """`with kafka_sync_producer(acks=1) as producer:`."""

    bootstrap_servers: str

    def __call__(self, **options: Unpack[ProducerOptions]) -> SyncProducer:
        """A producer that is not started yet."""
        return SyncProducer(self.bootstrap_servers, **options)


@dataclass(frozen=True, slots=True)
class SyncConsumerFactory:
    """`with kafka_sync_consumer(topic) as consumer:`; `auto_offset_reset` is "earliest" here."""

    bootstrap_servers: str

    def __call__(
        self, *topics: str | Topic[Any, Any], **options: Unpack[ConsumerOptions]
    ) -> SyncConsumer[Any, Any]:
        """A consumer that is not started yet."""
        with_default: ConsumerOptions = {"auto_offset_reset": "earliest", **options}
        return SyncConsumer(*topics, bootstrap_servers=self.bootstrap_servers, **with_default)


@contextmanager
def created_topic(
    bootstrap_servers: str, test: str, *, partitions: int = 1, configs: Mapping[str, object] | None = None
) -> Iterator[str]:
    """A new topic named after the test; deleted at the end, unless somebody did."""
    letters = re.sub("[^A-Za-z0-9._-]+", "-", test)[:_MOST_NAME_LETTERS].strip("-")
    name = f"{letters}-{uuid4().hex[:8]}"

    with SyncAdmin(bootstrap_servers) as admin:
        admin.create_topic(name, partitions=partitions, configs=config_values(configs, {}))
        try:
            yield name
        finally:
            with suppress(StaleMetadataError):  # the test has deleted it
                admin.delete_topic(name)
