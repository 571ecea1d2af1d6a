"""A topic's configs: its own settings over the broker's, checked, described to others, and as a LogConfig."""

from collections.abc import Mapping
from typing import Any

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import ConfigError
from ottla.broker.config.definitions import TOPIC
from ottla.broker.config.sources import ConfigSource
from ottla.broker.config.types import Value
from ottla.log.config import LogConfig

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000

FALLBACKS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "retention.ms": (
        ("log.retention.ms", 1),
        ("log.retention.minutes", _MINUTE_MS),
        ("log.retention.hours", _HOUR_MS),
    ),
    "segment.ms": (("log.roll.ms", 1), ("log.roll.hours", _HOUR_MS)),
    "segment.jitter.ms": (("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", _HOUR_MS)),
    "flush.ms": (("log.flush.interval.ms", 1), ("log.flush.scheduler.interval.ms", 1)),
}
"""Topic configs with several broker configs behind them: the first that is set counts, times its factor."""


def effective(config: BrokerConfig, overrides: Mapping[str, str], name: str) -> tuple[Value, ConfigSource]:
    """A topic config's present value, and which layer it is from. ConfigError for an override that is
    invalid.
    """
    definition = TOPIC[name]
    if name in overrides:
        return definition.parse(overrides[name]), ConfigSource.DYNAMIC_TOPIC_CONFIG
    for broker_name, factor in _chain(name):
        value = config.value(broker_name)
        if value is not None:
            return _scaled(value, factor), config.source(broker_name)
    return definition.default, ConfigSource.DEFAULT_CONFIG


def check_topic_configs(config: BrokerConfig, overrides: Mapping[str, str]) -> None:
    """Raises ConfigError when a topic cannot have these settings."""
    for name, text in overrides.items():
        if name not in TOPIC:
            raise ConfigError(name, text, "there is no topic config of this name")
        TOPIC[name].parse(text)
    if effective(config, overrides, "remote.storage.enable")[0]:
        raise ConfigError("remote.storage.enable", "true", "there is no tiered storage")
    least, _ = effective(config, overrides, "min.compaction.lag.ms")
    most, _ = effective(config, overrides, "max.compaction.lag.ms")
    assert isinstance(least, int)
    assert isinstance(most, int)
    if least > most:
        name = "min.compaction.lag.ms" if "min.compaction.lag.ms" in overrides else "max.compaction.lag.ms"
        reason = f"min.compaction.lag.ms ({least}) cannot be more than max.compaction.lag.ms ({most})"
        raise ConfigError(name, overrides.get(name, ""), reason)


def topic_log_config(config: BrokerConfig, overrides: Mapping[str, str]) -> LogConfig:
    """What a log of this topic has to obey. The overrides are expected to have been checked."""
    values: dict[str, Any] = {
        name: effective(config, overrides, name.replace("_", "."))[0] for name in LogConfig.__slots__
    }
    values["cleanup_policy"] = frozenset(values["cleanup_policy"])
    internal_segment_bytes, _ = effective(config, overrides, "internal.segment.bytes")
    if internal_segment_bytes is not None:
        values["segment_bytes"] = internal_segment_bytes
    return LogConfig(**values)


def _chain(name: str) -> tuple[tuple[str, int], ...]:
    synonym = TOPIC[name].synonym
    return FALLBACKS.get(name) or (((synonym, 1),) if synonym else ())


def _scaled(value: Value, factor: int) -> Value:
    """A time in milliseconds; any negative one is Kafka's «for ever», -1."""
    if factor == 1:
        return value
    assert isinstance(value, int)
    return value * factor if value >= 0 else -1
