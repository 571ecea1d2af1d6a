"""A topic's configs over the broker's, and the LogConfig that comes of them."""

import pytest

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import ConfigError
from ottla.broker.config.sources import ConfigSource
from ottla.broker.config.topic_config import check_topic_configs, effective, topic_log_config
from ottla.log.config import LogConfig

HOUR = 3_600_000


def test_with_defaults_it_is_the_logs_own_default() -> None:
    assert topic_log_config(BrokerConfig(), {}) == LogConfig()


@pytest.mark.parametrize(
    ("settings", "retention_ms"),
    [
        ({}, 168 * HOUR),
        ({"log.retention.hours": "2"}, 2 * HOUR),
        ({"log.retention.hours": "2", "log.retention.minutes": "3"}, 180_000),
        ({"log.retention.hours": "2", "log.retention.minutes": "3", "log.retention.ms": "4"}, 4),
        ({"log.retention.hours": "-1"}, -1),
        ({"log.retention.minutes": "-1"}, -1),
        ({"log.retention.ms": "-1"}, -1),
    ],
)
def test_retention_in_three_units(settings: dict[str, str], retention_ms: int) -> None:
    assert topic_log_config(BrokerConfig(settings), {}).retention_ms == retention_ms


def test_every_config_of_the_log_follows_the_topic_and_the_broker() -> None:
    pairs = {
        "log.roll.hours=2": ("segment_ms", 2 * HOUR),
        "log.roll.ms=5": ("segment_ms", 5),
        "log.roll.jitter.hours=2": ("segment_jitter_ms", 2 * HOUR),
        "log.roll.jitter.ms=5": ("segment_jitter_ms", 5),
        "log.flush.interval.ms=5": ("flush_ms", 5),
        "log.flush.scheduler.interval.ms=6": ("flush_ms", 6),
        "log.flush.interval.messages=5": ("flush_messages", 5),
        "log.segment.bytes=1048576": ("segment_bytes", 1048576),
        "log.retention.bytes=5": ("retention_bytes", 5),
        "log.index.size.max.bytes=5": ("segment_index_bytes", 5),
        "log.index.interval.bytes=5": ("index_interval_bytes", 5),
        "message.max.bytes=5": ("max_message_bytes", 5),
        "log.cleanup.policy=compact,delete": ("cleanup_policy", frozenset({"compact", "delete"})),
        "log.message.timestamp.type=LogAppendTime": ("message_timestamp_type", "LogAppendTime"),
        "log.message.timestamp.before.max.ms=5": ("message_timestamp_before_max_ms", 5),
        "log.message.timestamp.after.max.ms=5": ("message_timestamp_after_max_ms", 5),
        "compression.type=lz4": ("compression_type", "lz4"),
        "compression.gzip.level=5": ("compression_gzip_level", 5),
        "compression.lz4.level=5": ("compression_lz4_level", 5),
        "compression.zstd.level=5": ("compression_zstd_level", 5),
        "log.cleaner.min.cleanable.ratio=0.25": ("min_cleanable_dirty_ratio", 0.25),
        "log.cleaner.delete.retention.ms=5": ("delete_retention_ms", 5),
        "log.cleaner.min.compaction.lag.ms=5": ("min_compaction_lag_ms", 5),
        "log.cleaner.max.compaction.lag.ms=5": ("max_compaction_lag_ms", 5),
        "log.segment.delete.delay.ms=5": ("file_delete_delay_ms", 5),
        "log.preallocate=true": ("preallocate", True),
    }
    for setting, (attribute, value) in pairs.items():
        name, _, text = setting.partition("=")
        assert getattr(topic_log_config(BrokerConfig({name: text}), {}), attribute) == value, setting
    assert {attribute for attribute, _ in pairs.values()} | {"retention_ms"} == set(LogConfig.__slots__)


def test_the_topics_own_setting_comes_first() -> None:
    config = BrokerConfig({"log.retention.ms": "4"})
    assert effective(config, {"retention.ms": "5"}, "retention.ms") == (5, ConfigSource.DYNAMIC_TOPIC_CONFIG)
    assert effective(config, {}, "retention.ms") == (4, ConfigSource.STATIC_BROKER_CONFIG)
    config.set_dynamic({"log.retention.ms": "6"}, {})
    assert effective(config, {}, "retention.ms") == (6, ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG)
    assert effective(config, {}, "remote.storage.enable") == (False, ConfigSource.DEFAULT_CONFIG)


def test_small_segments_for_tests() -> None:
    overrides = {"internal.segment.bytes": "100", "segment.bytes": "2000000"}
    assert topic_log_config(BrokerConfig(), overrides).segment_bytes == 100


def test_a_policy_of_nothing_keeps_everything() -> None:
    config = topic_log_config(BrokerConfig(), {"cleanup.policy": ""})
    assert config.cleanup_policy == frozenset()


@pytest.mark.parametrize(
    "overrides",
    [
        # what Kafka Streams gives its internal topics
        {"cleanup.policy": "compact", "segment.bytes": "52428800", "message.timestamp.type": "CreateTime"},
        {"cleanup.policy": "compact,delete", "retention.ms": "172800000"},
        {"cleanup.policy": "delete", "retention.ms": "-1", "segment.ms": "600000"},
        # Connect, Schema Registry, and what careful people set
        {"cleanup.policy": "compact", "min.insync.replicas": "2", "unclean.leader.election.enable": "false"},
        {"compression.type": "zstd", "max.message.bytes": "10485760", "delete.retention.ms": "86400000"},
    ],
)
def test_what_common_clients_set_is_accepted(overrides: dict[str, str]) -> None:
    check_topic_configs(BrokerConfig(), overrides)


def test_lags_are_compared_with_what_is_in_effect() -> None:
    config = BrokerConfig({"log.cleaner.max.compaction.lag.ms": "5"})
    with pytest.raises(ConfigError, match=r"min\.compaction\.lag\.ms \(6\) cannot be more than"):
        check_topic_configs(config, {"min.compaction.lag.ms": "6"})
    check_topic_configs(config, {"min.compaction.lag.ms": "6", "max.compaction.lag.ms": "6"})
