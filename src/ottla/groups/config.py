"""Settings of groups, named as Kafka's configs, with Kafka's defaults for production."""

from dataclasses import dataclass
from enum import StrEnum


class Migration(StrEnum):
    """`group.consumer.migration.policy`: which way a group may change its protocol while it has members."""

    DISABLED = "disabled"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    BIDIRECTIONAL = "bidirectional"

    @property
    def upgrades(self) -> bool:
        return self in {Migration.UPGRADE, Migration.BIDIRECTIONAL}

    @property
    def downgrades(self) -> bool:
        return self in {Migration.DOWNGRADE, Migration.BIDIRECTIONAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupConfig:
    """What the machines need to know."""

    group_min_session_timeout_ms: int = 6_000
    group_max_session_timeout_ms: int = 1_800_000
    group_initial_rebalance_delay_ms: int = 3_000
    group_max_size: int = 2**31 - 1
    group_consumer_session_timeout_ms: int = 45_000
    group_consumer_heartbeat_interval_ms: int = 5_000
    group_consumer_max_size: int = 2**31 - 1
    group_consumer_assignors: tuple[str, ...] = ("uniform", "range")
    """The first is what members get that do not ask for one."""
    group_consumer_migration_policy: Migration = Migration.BIDIRECTIONAL
    offset_metadata_max_bytes: int = 4_096
    offsets_retention_ms: int = 7 * 24 * 3_600_000
    offsets_retention_check_interval_ms: int = 600_000


NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000
"""A member that joins without an id cannot send heartbeats yet; its parked JoinGroup may last this long."""

REGEX_REFRESH_INTERVAL_MS = 600_000
"""A regular expression is resolved anew at least this often, as in Kafka."""

REGEX_REFRESH_AFTER_CHANGE_MS = 10_000
"""When topics come or go, expressions are resolved anew, but not more often than this, as in Kafka."""
