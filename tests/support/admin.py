"""Asks the admin APIs: Ottla's handlers directly, or a real Apache Kafka for the same answers."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from ottla.broker.addresses import registration
from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.handlers.alter_configs import alter_configs
from ottla.broker.handlers.create_partitions import create_partitions
from ottla.broker.handlers.create_topics import create_topics
from ottla.broker.handlers.delete_records import delete_records
from ottla.broker.handlers.delete_topics import delete_topics
from ottla.broker.handlers.describe_cluster import describe_cluster
from ottla.broker.handlers.describe_configs import describe_configs
from ottla.broker.handlers.describe_log_dirs import describe_log_dirs
from ottla.broker.handlers.describe_topic_partitions import describe_topic_partitions
from ottla.broker.handlers.incremental_alter_configs import incremental_alter_configs
from ottla.broker.handlers.list_config_resources import list_config_resources
from ottla.broker.handlers.metadata import metadata
from ottla.broker.log_dir_image import LogDirImage
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.cluster.membership import register
from ottla.cluster.memory import MemoryStore
from ottla.core.errors import ErrorCode
from ottla.wire.header import decode_response_header, encode_request_header
from ottla.wire.registry import Api, api_named
from ottla.wire.schema import Message

Reply = TypeVar("Reply", bound=Message)

SETTINGS = {
    "log.retention.minutes": "5000",
    "log.retention.hours": "100",
    "log.roll.hours": "24",
    "log.segment.bytes": "2000000",
    "message.max.bytes": "2000000",
    "log.cleanup.policy": "compact,delete",
    "log.flush.scheduler.interval.ms": "7777",
    "num.partitions": "2",
}
"""Both brokers are started with these."""


class Admin(Protocol):
    kind: str

    async def ask(self, api: str, request: Message, version: int | None = None) -> Any:
        """The decoded reply, in the newest version unless one is given."""
        ...

    async def settle(self) -> None:
        """Wait until a change is seen by what reads metadata."""
        ...


LOG_SIZES = {("b", 1): 7, ("b", 0): 5, ("a", 0): 3}


class StoredRecords:
    """Stands in for the partitions: every partition holds offsets 0 to 9."""

    def __init__(self) -> None:
        self.deleted: dict[tuple[str, int], int] = {}

    async def delete_records(self, topic: str, partition: int, offset: int) -> int | ErrorCode:
        if offset > 10:
            return ErrorCode.OFFSET_OUT_OF_RANGE
        self.deleted[topic, partition] = 10 if offset == -1 else offset
        return self.deleted[topic, partition]

    def names(self) -> Iterable[tuple[str, int]]:
        return LOG_SIZES

    async def images(self, partitions: Iterable[tuple[str, int]]) -> Sequence[LogDirImage]:
        return [LogDirImage("/data", 1000, 100, [(*name, LOG_SIZES[name]) for name in partitions])]


class OurAdmin:
    """Ottla's handlers over a store in memory. Requests and replies go through their bytes."""

    kind = "ottla"

    def __init__(self, cluster: Cluster, config: BrokerConfig) -> None:
        self.cluster, self.config, self.records = cluster, config, StoredRecords()
        self.local = ("127.0.0.1", 9092)
        self.handlers: dict[str, Callable[..., Any]] = {
            "AlterConfigs": partial(alter_configs, cluster, config),
            "CreatePartitions": partial(create_partitions, cluster),
            "CreateTopics": partial(create_topics, cluster, config),
            "DeleteRecords": partial(delete_records, cluster, config, self.records),
            "DeleteTopics": partial(delete_topics, cluster, config),
            "DescribeCluster": partial(describe_cluster, cluster, config),
            "DescribeConfigs": partial(describe_configs, cluster, config),
            "DescribeLogDirs": partial(describe_log_dirs, self.records, self.records),
            "DescribeTopicPartitions": partial(describe_topic_partitions, cluster, config),
            "IncrementalAlterConfigs": partial(incremental_alter_configs, cluster, config),
            "ListConfigResources": partial(list_config_resources, cluster),
            "Metadata": partial(metadata, cluster, config),
        }

    async def ask(self, api: str, request: Message, version: int | None = None) -> Any:
        served = api_named(api)
        chosen = served.max_version if version is None else version
        request = _through_bytes(request, chosen)
        call = Call(served.key, chosen, 1, "test", ("127.0.0.1", 50000), self.local, "PLAINTEXT")
        return _through_bytes(await self.handlers[api](request, call), chosen)

    async def settle(self) -> None:
        pass


def _through_bytes(message: Reply, version: int) -> Reply:
    return type(message).decode(b"".join(map(bytes, message.encode(version))), version)[0]


class ApacheAdmin:
    """A connection to a running Apache Kafka."""

    kind = "apache"

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)

    async def ask(self, api: str, request: Message, version: int | None = None) -> Any:
        served = api_named(api)
        return self._ask(served, request, served.max_version if version is None else version)

    def _ask(self, served: Api, request: Message, version: int) -> Message:
        header = encode_request_header(served, version, 1, "test")
        frame = bytes(header) + b"".join(map(bytes, request.encode(version)))
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        (size,) = struct.unpack(">i", self._receive(4))
        reply = self._receive(size)
        _, position = decode_response_header(served, version, reply)
        return cast("Message", served.response.decode(reply, version, position)[0])

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            piece = self.socket.recv(count - len(received))
            assert piece, "closed by the broker"
            received += piece
        return received

    async def settle(self) -> None:
        await asyncio.sleep(0.6)

    def close(self) -> None:
        self.socket.close()


async def new_admin(settings: dict[str, str] | None = None) -> OurAdmin:
    config = BrokerConfig(SETTINGS if settings is None else settings)
    cluster = await Cluster.open(MemoryStore(), "MkU3OEVBNTcwNTJENDM2Qg")

    def take_over(delta: Delta) -> None:
        config.set_dynamic(delta.after.broker_configs(None), delta.after.broker_configs(config.node_id))

    cluster.subscribe(take_over)
    await cluster.change(lambda image: register(image, registration(config)))
    return OurAdmin(cluster, config)
