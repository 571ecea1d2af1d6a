"""listeners, advertised.listeners and listener.security.protocol.map."""

import pytest

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import ConfigError
from ottla.broker.config.listeners import Listener, parse_protocol_map


def test_by_default_one_on_this_machine_only() -> None:
    config = BrokerConfig()
    assert config.listeners == (Listener("PLAINTEXT", "PLAINTEXT", "127.0.0.1", 9092),)
    assert config.advertised_listeners == ()


def test_several_with_names_of_their_own() -> None:
    config = BrokerConfig(
        {
            "listeners": "INSIDE://:9092, outside://[::1]:19092",
            "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT",
            "advertised.listeners": "OUTSIDE://kafka.example:443",
        }
    )
    assert config.listeners == (
        Listener("INSIDE", "PLAINTEXT", "", 9092),
        Listener("OUTSIDE", "PLAINTEXT", "::1", 19092),
    )
    assert config.advertised_listeners == (Listener("OUTSIDE", "PLAINTEXT", "kafka.example", 443),)


def test_a_controllers_listener_is_not_opened() -> None:
    """What Apache Kafka's own server.properties has."""
    config = BrokerConfig(
        {
            "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "advertised.listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        }
    )
    assert [listener.name for listener in config.listeners] == ["PLAINTEXT"]
    assert [listener.name for listener in config.advertised_listeners] == ["PLAINTEXT"]


def test_any_free_port_may_be_asked_for_twice() -> None:
    config = BrokerConfig(
        {
            "listeners": "A://127.0.0.1:0,B://127.0.0.1:0",
            "listener.security.protocol.map": "A:PLAINTEXT,B:PLAINTEXT",
        }
    )
    assert [listener.port for listener in config.listeners] == [0, 0]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"listeners": "9092"}, "'9092' is not NAME://host:port"),
        ({"listeners": "PLAINTEXT://host"}, "is not NAME://host:port"),
        ({"listeners": "PLAINTEXT://host:66000"}, "is not NAME://host:port"),
        ({"listeners": "PLAINTEXT://::1:9092"}, "is not NAME://host:port"),
        ({"listeners": ""}, "at least one listener"),
        ({"listeners": "PLAINTEXT://:1,PLAINTEXT://:2"}, "a name of its own"),
        ({"listeners": "PLAINTEXT://:1,SSL://:1"}, "cannot share a port"),
        ({"listeners": "OTHER://:1"}, "OTHER has no protocol in listener.security.protocol.map"),
        ({"listeners": "SSL://:1"}, "SSL is not there yet"),
        (
            {"listeners": "PLAINTEXT://:1", "controller.listener.names": "PLAINTEXT"},
            "none of them is for clients",
        ),
        ({"advertised.listeners": "SSL://host:1"}, "SSL is not in listeners"),
        ({"advertised.listeners": "PLAINTEXT://:9092"}, "clients need a host"),
        ({"advertised.listeners": "PLAINTEXT://0.0.0.0:9092"}, "clients need a host"),
        ({"listener.security.protocol.map": "A"}, "is not NAME:PROTOCOL"),
        ({"listener.security.protocol.map": "A:B"}, "is not NAME:PROTOCOL"),
        ({"listener.security.protocol.map": "A:SSL,a:SSL"}, "A is there twice"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        BrokerConfig(settings)
    assert problem in str(error.value)
    assert any(name in str(error.value) for name in settings)


def test_the_protocol_map() -> None:
    assert parse_protocol_map(" a : plaintext , B:SASL_SSL, ") == {"A": "PLAINTEXT", "B": "SASL_SSL"}
