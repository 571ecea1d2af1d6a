"""Settings of transactions, named as Kafka's configs, with Kafka's defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionConfig:
    """What the machine needs to know."""

    transaction_max_timeout_ms: int = 900_000
    transactional_id_expiration_ms: int = 7 * 24 * 3_600_000
    transaction_remove_expired_transaction_cleanup_interval_ms: int = 3_600_000


NO_TIMEOUT_MS = 2**31 - 1
"""A transaction with this timeout is never ended for being late."""

EXPIRIES_PER_DECISION = 500
"""Transactional ids that go with one batch: some tens of kilobytes, so that a request does not wait long."""
