"""Topic configs. Each falls back to a broker config, its synonym, from which it takes rule and meaning."""

from dataclasses import replace

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.logs import LOGS, NO_TIERS
from ottla.broker.config.definitions.shorthand import (
    BOOLEAN,
    CLUSTER_WIDE,
    INT,
    LIST,
    LONG,
    MAX_LONG,
    MEDIUM,
    table,
)
from ottla.broker.config.rules import ThrottledReplicas, at_least

_BROKER = {definition.name: definition for definition in LOGS}

NO_THROTTLE = "replication is not throttled yet"

_SAME = (
    ("cleanup.policy", "log.cleanup.policy"),
    ("compression.gzip.level", "compression.gzip.level"),
    ("compression.lz4.level", "compression.lz4.level"),
    ("compression.type", "compression.type"),
    ("compression.zstd.level", "compression.zstd.level"),
    ("delete.retention.ms", "log.cleaner.delete.retention.ms"),
    ("file.delete.delay.ms", "log.segment.delete.delay.ms"),
    ("flush.messages", "log.flush.interval.messages"),
    ("index.interval.bytes", "log.index.interval.bytes"),
    ("local.retention.bytes", "log.local.retention.bytes"),
    ("local.retention.ms", "log.local.retention.ms"),
    ("max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"),
    ("max.message.bytes", "message.max.bytes"),
    ("message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms"),
    ("message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms"),
    ("message.timestamp.type", "log.message.timestamp.type"),
    ("min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio"),
    ("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms"),
    ("min.insync.replicas", "min.insync.replicas"),
    ("preallocate", "log.preallocate"),
    ("retention.bytes", "log.retention.bytes"),
    ("segment.bytes", "log.segment.bytes"),
    ("segment.index.bytes", "log.index.size.max.bytes"),
    ("unclean.leader.election.enable", "unclean.leader.election.enable"),
)
"""Topic configs that differ from their synonym in name only."""


def _like_synonym(name: str, synonym: str) -> Definition:
    documentation = _BROKER[synonym].documentation.split(" Topics: ")[0]
    return replace(
        _BROKER[synonym], name=name, synonym=synonym, importance=MEDIUM, documentation=documentation
    )


_TIMES = {
    "flush.ms": "log.flush.interval.ms",
    "retention.ms": "log.retention.ms",
    "segment.jitter.ms": "log.roll.jitter.ms",
    "segment.ms": "log.roll.ms",
}

_WITH_SYNONYM = tuple(
    replace(definition, synonym=_TIMES[definition.name])
    for definition in table(
        ("flush.ms", LONG, MAX_LONG, at_least(0), MEDIUM, CLUSTER_WIDE,
         "Sync the partition's log to disk at the latest after this time."),
        ("retention.ms", LONG, 604800000, at_least(-1), MEDIUM, CLUSTER_WIDE,
         "Records older than this may be deleted; -1 keeps them for ever."),
        ("segment.jitter.ms", LONG, 0, at_least(0), MEDIUM, CLUSTER_WIDE,
         "At most this is taken off segment.ms at random, so that not all logs roll at once."),
        ("segment.ms", LONG, 604800000, at_least(1), MEDIUM, CLUSTER_WIDE,
         "A new log file is begun after this time, full or not."),
    )
)  # fmt: skip
"""Their synonyms have other units beside them, so the defaults differ."""

_THROTTLES = tuple(
    replace(definition, no_effect=NO_THROTTLE)
    for definition in table(
        ("leader.replication.throttled.replicas", LIST, (), ThrottledReplicas(), MEDIUM, CLUSTER_WIDE,
         "Replicas whose reading for replication is throttled at the leader, as partition:broker."),
        ("follower.replication.throttled.replicas", LIST, (), ThrottledReplicas(), MEDIUM, CLUSTER_WIDE,
         "Replicas whose replication is throttled at the follower, as partition:broker."),
    )
)  # fmt: skip

_TIERED = tuple(
    replace(definition, no_effect=NO_TIERS)
    for definition in table(
        ("remote.storage.enable", BOOLEAN, False, None, MEDIUM, CLUSTER_WIDE,
         "Whether old segments move to tiered storage. Cannot be true."),
        ("remote.log.copy.disable", BOOLEAN, False, None, MEDIUM, CLUSTER_WIDE,
         "Whether a tiered topic stops sending segments away."),
        ("remote.log.delete.on.disable", BOOLEAN, False, None, MEDIUM, CLUSTER_WIDE,
         "Whether what was sent away is deleted when tiering is turned off."),
    )
)  # fmt: skip

_INTERNAL = tuple(
    replace(definition, internal=True)
    for definition in table(
        ("internal.segment.bytes", INT, None, at_least(1), MEDIUM, CLUSTER_WIDE,
         "Instead of segment.bytes, without its lower bound: for tests."),
    )
)  # fmt: skip

TOPICS: tuple[Definition, ...] = (
    tuple(_like_synonym(name, synonym) for name, synonym in _SAME)
    + _WITH_SYNONYM
    + _THROTTLES
    + _TIERED
    + _INTERNAL
)
