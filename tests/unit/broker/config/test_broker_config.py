"""Layers of the broker's configs, and what is read from them."""

import pytest

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import ConfigError
from ottla.broker.config.entries import broker_default_entries, broker_entries
from ottla.broker.config.sources import ConfigSource


def test_defaults() -> None:
    config = BrokerConfig()
    assert config.node_id == config.integer("broker.id") == 1
    assert config.log_directories == ("data",)
    assert config.text("log.flush.acks") == "all"
    assert config.value("metrics.listen") is None
    assert config.boolean("auto.create.topics.enable")
    assert config.number("log.cleaner.min.cleanable.ratio") == 0.5
    assert config.items("log.cleanup.policy") == ("delete",)
    assert config.items("advertised.listeners") == ()
    assert config.source("num.partitions") is ConfigSource.DEFAULT_CONFIG


@pytest.mark.parametrize("name", ["node.id", "broker.id"])
def test_either_name_of_the_id_sets_both(name: str) -> None:
    config = BrokerConfig({name: " 7 "})
    assert config.node_id == config.integer("node.id") == config.integer("broker.id") == 7
    assert BrokerConfig({"node.id": "7", "broker.id": "7"}).node_id == 7
    with pytest.raises(ConfigError, match=r"broker\.id: it must equal node\.id, which is 7"):
        BrokerConfig({"node.id": "7", "broker.id": "8"})


def test_data_directories() -> None:
    assert BrokerConfig({"log.dir": "/a"}).log_directories == ("/a",)
    assert BrokerConfig({"log.dir": "/a", "log.dirs": "/b, /c"}).log_directories == ("/b", "/c")
    for empty in ("", "/a,"):
        with pytest.raises(ConfigError, match="must name a directory"):
            BrokerConfig({"log.dirs": empty})


def test_a_bad_value_is_an_error_at_once() -> None:
    with pytest.raises(
        ConfigError, match=r"Invalid value many for configuration num\.partitions: it must be a whole"
    ):
        BrokerConfig({"num.partitions": "many"})


def test_the_more_specific_layer_counts_and_changes_are_told() -> None:
    config = BrokerConfig({"message.max.bytes": "1"})
    told: list[frozenset[str]] = []
    config.subscribe(told.append)
    name = "message.max.bytes"
    for for_all, for_this, value, source in (
        ({}, {}, 1, ConfigSource.STATIC_BROKER_CONFIG),
        ({name: "2"}, {}, 2, ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG),
        ({name: "2"}, {name: "3"}, 3, ConfigSource.DYNAMIC_BROKER_CONFIG),
        ({name: "4"}, {name: "3"}, 3, ConfigSource.DYNAMIC_BROKER_CONFIG),
        ({name: "4"}, {}, 4, ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG),
        ({}, {}, 1, ConfigSource.STATIC_BROKER_CONFIG),
    ):
        config.set_dynamic(for_all, for_this)
        assert (config.integer(name), config.source(name)) == (value, source)
    assert told == [frozenset({name})] * 4


def test_a_stored_config_that_is_no_longer_known_does_no_harm() -> None:
    config = BrokerConfig()
    assert config.set_dynamic({"gone.since": "1"}, {"gone.since": "1"}) == frozenset()
    assert broker_default_entries(config) == []


def test_all_of_them_are_shown_in_order() -> None:
    entries = broker_entries(BrokerConfig({"num.partitions": "3"}))
    names = [entry.definition.name for entry in entries]
    assert names == sorted(names)
    shown = {entry.definition.name: entry for entry in entries}
    assert shown["num.partitions"].read_only
    assert not shown["message.max.bytes"].read_only
    assert [(one.value, one.source) for one in shown["num.partitions"].synonyms] == [
        ("3", ConfigSource.STATIC_BROKER_CONFIG),
        ("1", ConfigSource.DEFAULT_CONFIG),
    ]
