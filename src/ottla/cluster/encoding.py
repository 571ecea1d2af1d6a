"""Metadata values to bytes and back. Each begins with a format byte; the layouts are in
docs/formats/metadata-store.md.

Topics, the many, are packed binary; the few others are JSON behind the format byte. Whatever cannot be read
raises StoreDamagedError naming the key.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any

from ottla.cluster.metadata import BrokerImage, Endpoint, PartitionImage, TopicImage
from ottla.cluster.store import StoreDamagedError

FORMAT = 1

_TOPIC = struct.Struct(">B16sI")  # format, id, number of partitions
_PARTITION = struct.Struct(">iiiHH")  # leader, leader epoch, partition epoch, replicas, in-sync replicas
_ONE_REPLICA = struct.Struct(">iiiHHii")  # a partition with one replica, in sync: most of them, in one read

_shared: dict[tuple[int, ...], tuple[int, ...]] = {}
"""Replica lists repeat; partitions with equal ones share one tuple."""


def encode_topic(topic: TopicImage) -> bytes:
    parts = [_TOPIC.pack(FORMAT, topic.id, len(topic.partitions))]
    for partition in topic.partitions:
        replicas, in_sync = partition.replicas, partition.in_sync
        parts.append(_PARTITION.pack(*partition[:3], len(replicas), len(in_sync)))
        parts.append(struct.pack(f">{len(replicas) + len(in_sync)}i", *replicas, *in_sync))
    return b"".join(parts)


def decode_topic(name: str, value: bytes) -> TopicImage:
    try:
        return _decode_topic(name, value)
    except (struct.error, ValueError) as error:
        raise StoreDamagedError(f"the metadata of topic {name!r} cannot be read: {error}") from error


def _decode_topic(name: str, value: bytes) -> TopicImage:
    form, topic_id, count = _TOPIC.unpack_from(value)
    if form != FORMAT:
        raise ValueError(f"format {form}, known is {FORMAT}")
    position = _TOPIC.size
    partitions = []
    for _ in range(count):
        partition, position = _decode_partition(value, position)
        partitions.append(partition)
    if position != len(value):
        raise ValueError(f"{len(value) - position} bytes too many")
    return TopicImage(name, topic_id, tuple(partitions))


def _decode_partition(value: bytes, position: int) -> tuple[PartitionImage, int]:
    leader, leader_epoch, partition_epoch, replica_count, in_sync_count = _PARTITION.unpack_from(
        value, position
    )
    position += _PARTITION.size
    ids = struct.unpack_from(f">{replica_count + in_sync_count}i", value, position)
    replicas, in_sync = ids[:replica_count], ids[replica_count:]
    partition = PartitionImage(leader, leader_epoch, partition_epoch, _share(replicas), _share(in_sync))
    return partition, position + 4 * len(ids)


def _share(replicas: tuple[int, ...]) -> tuple[int, ...]:
    if len(_shared) > 10_000:  # reassignments make new lists for ever
        _shared.clear()
    return _shared.setdefault(replicas, replicas)


def encode_broker(broker: BrokerImage) -> bytes:
    endpoints = [
        [point.listener, point.security_protocol, point.host, point.port] for point in broker.endpoints
    ]
    return _encode_json({"rack": broker.rack, "endpoints": endpoints, "fenced": broker.fenced})


def decode_broker(broker_id: int, value: bytes) -> BrokerImage:
    body = _decode_json(f"broker {broker_id}", value)
    try:
        endpoints = tuple(Endpoint(*point) for point in body["endpoints"])
        return BrokerImage(broker_id, body["rack"], endpoints, body["fenced"])
    except (KeyError, TypeError) as error:
        raise StoreDamagedError(f"the metadata of broker {broker_id} cannot be read: {error!r}") from error


def encode_configs(configs: Mapping[str, str]) -> bytes:
    return _encode_json(dict(configs))


def decode_configs(owner: str, value: bytes) -> dict[str, str]:
    body = _decode_json(f"the configs of {owner}", value)
    return {str(name): str(setting) for name, setting in body.items()}


def _encode_json(body: dict[str, Any]) -> bytes:
    return (
        bytes([FORMAT]) + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )


def _decode_json(owner: str, value: bytes) -> dict[str, Any]:
    try:
        if value[0] != FORMAT:
            raise ValueError(f"format {value[0]}, known is {FORMAT}")
        body = json.loads(value[1:])
        if not isinstance(body, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError, IndexError) as error:
        raise StoreDamagedError(f"the metadata of {owner} cannot be read: {error}") from error
    return body
