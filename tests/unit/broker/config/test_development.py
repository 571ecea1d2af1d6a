"""What a broker without a file of configs has of its own."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.development import DEVELOPMENT_DEFAULTS


def test_groups_change_soon_in_development_and_as_in_apache_kafka_otherwise() -> None:
    development, production = BrokerConfig(DEVELOPMENT_DEFAULTS), BrokerConfig({})
    assert {name: (development.integer(name), production.integer(name)) for name in DEVELOPMENT_DEFAULTS} == {
        "group.initial.rebalance.delay.ms": (0, 3000),
        "group.consumer.heartbeat.interval.ms": (500, 5000),
        "group.consumer.session.timeout.ms": (10_000, 45_000),
    }
