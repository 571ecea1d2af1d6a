# ruff: noqa: ISC004 (rows hold a sentence that takes several lines)
"""Configs of consumer groups and their committed offsets."""

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.shorthand import (
    HIGH,
    INT,
    LIST,
    LONG,
    MAX_INT,
    MEDIUM,
    READ_ONLY,
    SHORT,
    STRING,
    table,
)
from ottla.broker.config.rules import at_least, list_of, one_of

GROUPS: tuple[Definition, ...] = table(
    ("group.min.session.timeout.ms", INT, 6000, None, MEDIUM, READ_ONLY,
     "The shortest session timeout that a member of a classic group may ask for."),
    ("group.max.session.timeout.ms", INT, 1800000, None, MEDIUM, READ_ONLY,
     "The longest session timeout that a member of a classic group may ask for."),
    ("group.initial.rebalance.delay.ms", INT, 3000, None, MEDIUM, READ_ONLY,
     "How long an empty classic group waits for more members after the first. `ottla serve` without a file of "
     "configs sets it to 0, as is right for development."),
    ("group.max.size", INT, MAX_INT, at_least(1), MEDIUM, READ_ONLY,
     "How many members a classic group may have."),
    ("group.consumer.session.timeout.ms", INT, 45000, at_least(1), MEDIUM, READ_ONLY,
     "How long a member of a consumer group may be silent before it is taken for gone, and its partitions are given "
     "to others. `ottla serve` without a file of configs sets it to 10000, as is right for development; Apache "
     "Kafka takes less than 45000 only with a lower group.consumer.min.session.timeout.ms, which is not needed here."),
    ("group.consumer.heartbeat.interval.ms", INT, 5000, at_least(1), MEDIUM, READ_ONLY,
     "How often members of consumer groups are asked to say that they are there. `ottla serve` without a file of "
     "configs sets it to 500, as is right for development."),
    ("group.consumer.max.size", INT, MAX_INT, at_least(1), MEDIUM, READ_ONLY,
     "How many members a consumer group may have."),
    ("group.consumer.assignors", LIST, ("uniform", "range"), list_of("uniform", "range"), MEDIUM, READ_ONLY,
     "The broker's assignors; the first is used for members that ask for none."),
    ("group.consumer.migration.policy", STRING, "bidirectional",
     one_of("disabled", "upgrade", "downgrade", "bidirectional"), MEDIUM, READ_ONLY,
     "Whether a group that has members may go from the classic to the consumer protocol (upgrade), back "
     "(downgrade), or both ways."),
    ("offset.metadata.max.bytes", INT, 4096, None, HIGH, READ_ONLY,
     "The longest text that may be committed with an offset."),
    ("offsets.retention.minutes", INT, 10080, at_least(1), HIGH, READ_ONLY,
     "How long the offsets of a group without members are kept."),
    ("offsets.retention.check.interval.ms", LONG, 600000, at_least(1), HIGH, READ_ONLY,
     "How often expired offsets are looked for."),
    ("offsets.topic.num.partitions", INT, 50, at_least(1), HIGH, READ_ONLY,
     "Partitions of __consumer_offsets, when it is made."),
    ("offsets.topic.replication.factor", SHORT, 3, at_least(1), HIGH, READ_ONLY,
     "Replicas of __consumer_offsets, when it is made; as many as there are brokers, where they are fewer."),
    ("offsets.topic.segment.bytes", INT, 104857600, at_least(1), HIGH, READ_ONLY,
     "segment.bytes of __consumer_offsets, when it is made."),
)  # fmt: skip
