"""What a broker without a file of configs has of its own."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.development import DEVELOPMENT_DEFAULTS


def test_groups_begin_at_once_in_development_and_as_in_apache_kafka_otherwise() -> None:
    names = ("group.initial.rebalance.delay.ms", "group.consumer.heartbeat.interval.ms")
    assert [BrokerConfig(DEVELOPMENT_DEFAULTS).integer(name) for name in names] == [0, 500]
    assert [BrokerConfig({}).integer(name) for name in names] == [3000, 5000]
