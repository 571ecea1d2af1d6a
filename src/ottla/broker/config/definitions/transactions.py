# ruff: noqa: ISC004 (rows hold a sentence that takes several lines)
"""Configs of transactions and their coordinator."""

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.shorthand import (
    BOOLEAN,
    CLUSTER_WIDE,
    HIGH,
    INT,
    LOW,
    READ_ONLY,
    SHORT,
    table,
)
from ottla.broker.config.rules import at_least

TRANSACTIONS: tuple[Definition, ...] = table(
    ("transaction.max.timeout.ms", INT, 900000, at_least(1), HIGH, READ_ONLY,
     "The longest transaction timeout that a producer may ask for."),
    ("transactional.id.expiration.ms", INT, 604800000, at_least(1), HIGH, READ_ONLY,
     "How long a transactional id that is not used is kept, in milliseconds."),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", INT, 10000, at_least(1), LOW, READ_ONLY,
     "How often it is looked which transactions have lasted longer than their timeout, to abort them."),
    ("transaction.remove.expired.transaction.cleanup.interval.ms", INT, 3600000, at_least(1), LOW, READ_ONLY,
     "How often it is looked which transactional ids have expired."),
    ("transaction.partition.verification.enable", BOOLEAN, True, None, LOW, CLUSTER_WIDE,
     "Whether a partition takes transactional records of older clients only when its coordinator knows that the "
     "partition is part of the transaction (KIP-890)."),
    ("add.partitions.to.txn.retry.backoff.ms", INT, 20, at_least(1), HIGH, READ_ONLY,
     "How long a partition waits before it asks the coordinator again to add it to a transaction while the "
     "previous one is still being finished."),
    ("add.partitions.to.txn.retry.backoff.max.ms", INT, 100, at_least(0), HIGH, READ_ONLY,
     "How long that is tried before the producer is told to try again itself."),
    ("transaction.state.log.num.partitions", INT, 50, at_least(1), HIGH, READ_ONLY,
     "Partitions of __transaction_state, when it is made."),
    ("transaction.state.log.replication.factor", SHORT, 3, at_least(1), HIGH, READ_ONLY,
     "Replicas of __transaction_state, when it is made; as many as there are brokers, where they are fewer."),
    ("transaction.state.log.min.isr", INT, 2, at_least(1), HIGH, READ_ONLY,
     "min.insync.replicas of __transaction_state, when it is made."),
    ("transaction.state.log.segment.bytes", INT, 104857600, at_least(1), HIGH, READ_ONLY,
     "segment.bytes of __transaction_state, when it is made."),
)  # fmt: skip
