# ruff: noqa: ISC004 (rows hold a sentence that takes several lines)
"""Configs of how records are kept: the broker's defaults for topics, and the work done in the background."""

from dataclasses import replace

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.shorthand import (
    BOOLEAN,
    CLUSTER_WIDE,
    DOUBLE,
    HIGH,
    INT,
    LIST,
    LONG,
    MAX_LONG,
    MEDIUM,
    READ_ONLY,
    STRING,
    table,
)
from ottla.broker.config.rules import GzipLevel, at_least, between, list_of, one_of

NO_TIERS = "there is no tiered storage: every segment is local, as retention.ms and retention.bytes say"

TOPIC_DEFAULTS = table(
    ("message.max.bytes", INT, 1048588, at_least(0), HIGH, CLUSTER_WIDE,
     "The largest record batch, as sent (compressed, with its header). Topics: max.message.bytes."),
    ("min.insync.replicas", INT, 1, at_least(1), HIGH, CLUSTER_WIDE,
     "How many replicas must be in sync for a produce with acks=all to be accepted."),
    ("unclean.leader.election.enable", BOOLEAN, False, None, HIGH, CLUSTER_WIDE,
     "Whether a replica that is not in sync may lead when no other is left, at the price of lost records."),
    ("compression.type", STRING, "producer",
     one_of("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"), HIGH, CLUSTER_WIDE,
     "How batches are compressed on disk; producer keeps each as it was sent."),
    ("compression.gzip.level", INT, -1, GzipLevel(), MEDIUM, CLUSTER_WIDE,
     "The level when compression.type is gzip."),
    ("compression.lz4.level", INT, 9, between(1, 17), MEDIUM, CLUSTER_WIDE,
     "The level when compression.type is lz4."),
    ("compression.zstd.level", INT, 3, between(-131072, 22), MEDIUM, CLUSTER_WIDE,
     "The level when compression.type is zstd."),
    ("log.segment.bytes", INT, 1 << 30, at_least(1 << 20), HIGH, CLUSTER_WIDE,
     "A log file that would grow beyond this is closed and a new one begun. Topics: segment.bytes."),
    ("log.roll.ms", LONG, None, at_least(1), HIGH, CLUSTER_WIDE,
     "A new log file is begun after this time, full or not. Before log.roll.hours. Topics: segment.ms."),
    ("log.roll.hours", INT, 168, at_least(1), HIGH, READ_ONLY,
     "The same in hours, when log.roll.ms is not set."),
    ("log.roll.jitter.ms", LONG, None, at_least(0), HIGH, CLUSTER_WIDE,
     "At most this is taken off log.roll.ms at random, so that not all logs roll at once. "
     "Before log.roll.jitter.hours. Topics: segment.jitter.ms."),
    ("log.roll.jitter.hours", INT, 0, at_least(0), HIGH, READ_ONLY,
     "The same in hours, when log.roll.jitter.ms is not set."),
    ("log.retention.ms", LONG, None, None, HIGH, CLUSTER_WIDE,
     "Records older than this may be deleted; -1 keeps them for ever. Before log.retention.minutes and "
     "log.retention.hours. Topics: retention.ms."),
    ("log.retention.minutes", INT, None, None, HIGH, READ_ONLY,
     "The same in minutes, when log.retention.ms is not set."),
    ("log.retention.hours", INT, 168, None, HIGH, READ_ONLY,
     "The same in hours, when neither log.retention.ms nor log.retention.minutes is set."),
    ("log.retention.bytes", LONG, -1, None, HIGH, CLUSTER_WIDE,
     "The oldest records are deleted when a partition is larger than this; -1 is no limit. "
     "Topics: retention.bytes."),
    ("log.cleanup.policy", LIST, ("delete",), list_of("compact", "delete"), MEDIUM, CLUSTER_WIDE,
     "delete removes old records by time and size, compact keeps the last record of each key; both may be "
     "given, and nothing at all keeps everything. Topics: cleanup.policy."),
    ("log.index.size.max.bytes", INT, 10 << 20, at_least(4), MEDIUM, CLUSTER_WIDE,
     "The largest size of an index file; a full one begins a new segment. Topics: segment.index.bytes."),
    ("log.index.interval.bytes", INT, 4096, at_least(0), MEDIUM, CLUSTER_WIDE,
     "An entry is added to the offset index about every so many bytes. Topics: index.interval.bytes."),
    ("log.segment.delete.delay.ms", LONG, 60000, at_least(0), HIGH, CLUSTER_WIDE,
     "How long a deleted file stays on the disk, for those who still read it. Topics: file.delete.delay.ms."),
    ("log.flush.interval.messages", LONG, MAX_LONG, at_least(1), HIGH, CLUSTER_WIDE,
     "Sync a partition's log to disk at the latest after so many records. Topics: flush.messages."),
    ("log.flush.interval.ms", LONG, None, None, HIGH, CLUSTER_WIDE,
     "Sync a partition's log to disk at the latest after this time. log.flush.scheduler.interval.ms stands "
     "in when it is not set. Topics: flush.ms."),
    ("log.preallocate", BOOLEAN, False, None, MEDIUM, CLUSTER_WIDE,
     "Reserve a new log file's whole size at once. Topics: preallocate."),
    ("log.message.timestamp.type", STRING, "CreateTime", one_of("CreateTime", "LogAppendTime"), MEDIUM,
     CLUSTER_WIDE,
     "Whether records carry the producer's time or the time of their arrival. "
     "Topics: message.timestamp.type."),
    ("log.message.timestamp.before.max.ms", LONG, MAX_LONG, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How far before the broker's clock a record's time may lie. Topics: message.timestamp.before.max.ms."),
    ("log.message.timestamp.after.max.ms", LONG, 3600000, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How far after the broker's clock a record's time may lie. Topics: message.timestamp.after.max.ms."),
    ("log.cleaner.delete.retention.ms", LONG, 86400000, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How long compaction keeps the markers of deleted keys. Topics: delete.retention.ms."),
    ("log.cleaner.min.compaction.lag.ms", LONG, 0, at_least(0), MEDIUM, CLUSTER_WIDE,
     "Records younger than this are not compacted. Topics: min.compaction.lag.ms."),
    ("log.cleaner.max.compaction.lag.ms", LONG, MAX_LONG, at_least(1), MEDIUM, CLUSTER_WIDE,
     "Records older than this are compacted whatever the ratio says. Topics: max.compaction.lag.ms."),
    ("log.cleaner.min.cleanable.ratio", DOUBLE, 0.5, between(0, 1), MEDIUM, CLUSTER_WIDE,
     "The share of a log that must be uncompacted before it is compacted. "
     "Topics: min.cleanable.dirty.ratio."),
)  # fmt: skip
"""Broker configs that topics fall back to."""

TIERED_DEFAULTS = tuple(
    replace(definition, no_effect=NO_TIERS)
    for definition in table(
        ("log.local.retention.ms", LONG, -2, at_least(-2), MEDIUM, CLUSTER_WIDE,
         "How long a tiered segment stays on the local disk. Topics: local.retention.ms."),
        ("log.local.retention.bytes", LONG, -2, at_least(-2), MEDIUM, CLUSTER_WIDE,
         "How much of a tiered partition stays on the local disk. Topics: local.retention.bytes."),
    )
)  # fmt: skip
"""Shown, because topics have them as synonyms."""

BACKGROUND = table(
    ("log.retention.check.interval.ms", LONG, 300000, at_least(1), MEDIUM, READ_ONLY,
     "How often logs are looked at for records that may be deleted."),
    ("log.flush.scheduler.interval.ms", LONG, MAX_LONG, None, HIGH, READ_ONLY,
     "How often logs are looked at for records that must be synced by time."),
    ("log.flush.offset.checkpoint.interval.ms", INT, 60000, at_least(0), HIGH, READ_ONLY,
     "How often it is written down up to where each log is known to be on disk."),
    ("log.flush.start.offset.checkpoint.interval.ms", INT, 60000, at_least(0), HIGH, READ_ONLY,
     "How often it is written down where each log starts."),
    ("log.cleaner.enable", BOOLEAN, True, None, MEDIUM, READ_ONLY,
     "Whether logs are compacted at all."),
    ("log.cleaner.backoff.ms", LONG, 15000, at_least(0), MEDIUM, CLUSTER_WIDE,
     "How long compaction rests when there was nothing to do."),
)  # fmt: skip
"""When the housekeeping runs."""

LOGS: tuple[Definition, ...] = TOPIC_DEFAULTS + TIERED_DEFAULTS + BACKGROUND
