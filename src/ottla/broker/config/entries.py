"""Configs as DescribeConfigs shows them: value, source, and every layer that has a say.

As in Apache Kafka, a config's synonyms are listed from the most specific on, starting with the first that
bears its own name: `log.retention.ms` that is not set lists nothing, although `log.retention.hours`
decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import Definition, Mode
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.sources import BROKER_SOURCES, ConfigSource
from ottla.broker.config.topic_config import FALLBACKS, effective
from ottla.broker.config.types import to_text


@dataclass(frozen=True, slots=True)
class Synonym:
    name: str
    value: str | None
    source: ConfigSource


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One config of a resource, ready to be shown. A sensitive value is None."""

    definition: Definition
    value: str | None
    source: ConfigSource
    read_only: bool
    synonyms: tuple[Synonym, ...]


_CHAINS = {
    broker_name: tuple(name for name, _ in chain)
    for chain in FALLBACKS.values()
    for broker_name, _ in chain
    if chain is not FALLBACKS["flush.ms"]
} | {"log.flush.interval.ms": ("log.flush.interval.ms", "log.flush.scheduler.interval.ms")}


def topic_entries(config: BrokerConfig, overrides: Mapping[str, str]) -> list[ConfigEntry]:
    """All configs of a topic with these settings of its own, in name order."""
    return [_topic_entry(config, overrides, one) for one in TOPIC.values() if not one.internal]


def broker_entries(config: BrokerConfig) -> list[ConfigEntry]:
    """All configs of this broker, in name order."""
    return [_broker_entry(config, definition) for definition in BROKER.values() if not definition.internal]


def broker_default_entries(config: BrokerConfig) -> list[ConfigEntry]:
    """What is set dynamically for all brokers, and nothing else."""
    source = ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG
    return [
        ConfigEntry(BROKER[name], text, source, False, (Synonym(name, text, source),))
        for name, text in sorted(config.layer(source).items())
    ]


def _topic_entry(config: BrokerConfig, overrides: Mapping[str, str], definition: Definition) -> ConfigEntry:
    synonyms = tuple(_broker_synonyms(config, definition.synonym)) if definition.synonym else ()
    if definition.name in overrides:
        own = Synonym(definition.name, overrides[definition.name], ConfigSource.DYNAMIC_TOPIC_CONFIG)
        synonyms = (own, *synonyms)
    value, _ = effective(config, overrides, definition.name)
    return _entry(definition, to_text(value), False, synonyms)


def _broker_entry(config: BrokerConfig, definition: Definition) -> ConfigEntry:
    synonyms = tuple(_broker_synonyms(config, definition.name))
    read_only = definition.mode is Mode.READ_ONLY
    return _entry(definition, to_text(config.value(definition.name)), read_only, synonyms)


def _entry(
    definition: Definition, value: str | None, read_only: bool, synonyms: tuple[Synonym, ...]
) -> ConfigEntry:
    source = synonyms[0].source if synonyms else ConfigSource.DEFAULT_CONFIG
    if definition.sensitive:
        value, synonyms = None, tuple(Synonym(one.name, None, one.source) for one in synonyms)
    return ConfigEntry(definition, value, source, read_only, synonyms)


def _broker_synonyms(config: BrokerConfig, name: str) -> Iterator[Synonym]:
    names = _CHAINS.get(name, (name,))
    found = (
        Synonym(one, config.layer(source)[one], source)
        for source in BROKER_SOURCES
        for one in names
        if one in config.layer(source)
    )
    return dropwhile(lambda synonym: synonym.name != name, found)
