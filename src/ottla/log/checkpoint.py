"""The small text files: offsets of all partitions, leader epochs, and who a directory belongs to.

Byte layouts: docs/formats/checkpoints.md. Everything here turns bytes into values and back; damaged text raises
ValueError.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ottla.core.ids import parse_uuid, uuid_text

Partition = tuple[str, int]
"""Topic name and partition index."""

Offsets = dict[Partition, int]

_VERSION = "0"


def format_offsets(offsets: Mapping[Partition, int]) -> bytes:
    """Version, count, then one line per partition: topic, partition, offset."""
    lines = [_VERSION, str(len(offsets))]
    lines += [f"{topic} {partition} {offset}" for (topic, partition), offset in offsets.items()]
    return _text(lines)


def parse_offsets(data: bytes) -> Offsets:
    """The reverse. An empty file, as Apache Kafka makes them at first, is no offsets at all."""
    offsets = {}
    for line in _entries(data):
        topic, partition, offset = line.split(" ")
        offsets[topic, int(partition)] = int(offset)
    return offsets


def format_epochs(epochs: Iterable[tuple[int, int]]) -> bytes:
    """Version, count, then one line per leader epoch: the epoch and its first offset."""
    lines = [f"{epoch} {start_offset}" for epoch, start_offset in epochs]
    return _text([_VERSION, str(len(lines)), *lines])


def parse_epochs(data: bytes) -> list[tuple[int, int]]:
    epochs = []
    for line in _entries(data):
        epoch, start_offset = line.split(" ")
        epochs.append((int(epoch), int(start_offset)))
    return epochs


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _entries(data: bytes) -> list[str]:
    """The lines after version and count; there must be exactly `count` of them."""
    lines = data.decode().splitlines()
    if not lines:
        return []
    if lines[0] != _VERSION:
        raise ValueError(f"version {lines[0]!r} is not known")
    if len(lines) < 2 or len(lines) - 2 != int(lines[1]):
        raise ValueError(f"{max(len(lines) - 2, 0)} entries where {lines[1:2]} are announced")
    return lines[2:]


def format_partition_metadata(topic_id: bytes) -> bytes:
    """Two lines, the last one without an end, as Apache Kafka writes it."""
    return f"version: 0\ntopic_id: {uuid_text(topic_id)}".encode()


def parse_partition_metadata(data: bytes) -> bytes:
    """The topic id."""
    pairs = dict(line.split(": ", 1) for line in data.decode().splitlines() if line)
    if pairs.get("version") != "0" or "topic_id" not in pairs:
        raise ValueError("neither version 0 nor a topic id")
    return parse_uuid(pairs["topic_id"])


@dataclass(frozen=True, slots=True)
class MetaProperties:
    """Whose data directory it is. `directory_id` is one directory's own UUID (KIP-858)."""

    cluster_id: str
    node_id: int
    directory_id: bytes


def format_meta_properties(meta: MetaProperties) -> bytes:
    """A Java properties file."""
    return _text(
        [
            "#",
            f"node.id={meta.node_id}",
            f"directory.id={uuid_text(meta.directory_id)}",
            "version=1",
            f"cluster.id={meta.cluster_id}",
        ]
    )


def parse_meta_properties(data: bytes) -> MetaProperties:
    lines = (line.strip() for line in data.decode().splitlines())
    pairs = dict(line.partition("=")[::2] for line in lines if line and not line.startswith(("#", "!")))
    missing = {"version", "cluster.id", "node.id", "directory.id"} - pairs.keys()
    if missing:
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    if pairs["version"] != "1":
        raise ValueError(f"its version is {pairs['version']}, and only 1 is known here")
    return MetaProperties(pairs["cluster.id"], int(pairs["node.id"]), parse_uuid(pairs["directory.id"]))
