"""A topic for people and for machines."""

from collections.abc import Sequence

from ottla.cli.table import table
from ottla.client.admin import ConfigEntry, ConfigSource
from ottla.client.brokers.metadata import TopicMetadata
from ottla.core.ids import uuid_text

_HIDDEN = "(hidden)"


def count(number: int, noun: str) -> str:
    """`1 partition`, `2 partitions`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary(topic: TopicMetadata) -> dict[str, object]:
    """What `topics list --json` says of one."""
    return {
        "topic": topic.name,
        "topic_id": uuid_text(topic.topic_id),
        "internal": topic.is_internal,
        "partitions": len(topic.partitions),
        "replication_factor": _replication_factor(topic),
    }


def document(topic: TopicMetadata, configs: Sequence[ConfigEntry]) -> dict[str, object]:
    """What `topics describe --json` says of one: every config, with its source."""
    partitions = [
        {
            "partition": number,
            "leader": partition.leader,
            "leader_epoch": partition.leader_epoch,
            "replicas": partition.replicas,
            "in_sync": partition.in_sync,
        }
        for number, partition in sorted(topic.partitions.items())
    ]
    entries = {entry.name: {"value": entry.value, "source": entry.source.name} for entry in configs}
    return {**summary(topic), "partitions": partitions, "configs": entries}


def description(topic: TopicMetadata, configs: Sequence[ConfigEntry]) -> str:
    """What `topics describe` says of one: the partitions, and the configs that somebody set."""
    head = f"{topic.name}  id {uuid_text(topic.topic_id)}, {count(len(topic.partitions), 'partition')}"
    rows = [
        (number, partition.leader, _nodes(partition.replicas), _nodes(partition.in_sync))
        for number, partition in sorted(topic.partitions.items())
    ]
    lines = [head, _indented(table(("PARTITION", "LEADER", "REPLICAS", "IN SYNC"), rows))]
    changed = [entry for entry in configs if entry.source not in (ConfigSource.DEFAULT, ConfigSource.UNKNOWN)]
    if changed:
        cells = [
            (entry.name, _value(entry), entry.source.name.lower().replace("_", " ")) for entry in changed
        ]
        lines.append(_indented(table(("CONFIG", "VALUE", "SET BY"), cells)))
    return "\n".join(lines)


def _replication_factor(topic: TopicMetadata) -> int:
    return max((len(partition.replicas) for partition in topic.partitions.values()), default=0)


def _nodes(nodes: Sequence[int]) -> str:
    return ",".join(map(str, nodes))


def _value(entry: ConfigEntry) -> str:
    return _HIDDEN if entry.is_sensitive or entry.value is None else entry.value


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
