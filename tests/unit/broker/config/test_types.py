"""Text to value and back, by Kafka's rules."""

import pytest

from ottla.broker.config.definition import ConfigError
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.types import ConfigType, Value, parse, to_text

GOOD: list[tuple[ConfigType, str, Value]] = [
    (ConfigType.BOOLEAN, " TRUE ", True),
    (ConfigType.BOOLEAN, "false", False),
    (ConfigType.INT, " +5 ", 5),
    (ConfigType.INT, "-2147483648", -(1 << 31)),
    (ConfigType.SHORT, "32767", 32767),
    (ConfigType.LONG, "9223372036854775807", (1 << 63) - 1),
    (ConfigType.DOUBLE, "1e-1", 0.1),
    (ConfigType.DOUBLE, ".5", 0.5),
    (ConfigType.DOUBLE, "5.", 5.0),
    (ConfigType.STRING, " a b ", "a b"),
    (ConfigType.PASSWORD, " a b ", " a b "),
    (ConfigType.LIST, "", ()),
    (ConfigType.LIST, " a , b", ("a", "b")),
    (ConfigType.LIST, "a,", ("a", "")),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_good_values(kind: ConfigType, text: str, value: Value) -> None:
    assert parse(kind, text) == value


BAD = [
    (ConfigType.BOOLEAN, "yes"),
    (ConfigType.BOOLEAN, ""),
    (ConfigType.INT, "2147483648"),
    (ConfigType.INT, "1_000"),
    (ConfigType.INT, "1.0"),
    (ConfigType.INT, "٣"),
    (ConfigType.INT, ""),
    (ConfigType.SHORT, "32768"),
    (ConfigType.LONG, "9223372036854775808"),
    (ConfigType.DOUBLE, "half"),
    (ConfigType.DOUBLE, ""),
    (ConfigType.DOUBLE, "1_0.0"),
]


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_bad_values(kind: ConfigType, text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse(kind, text)


def test_values_as_text() -> None:
    assert to_text(None) is None
    assert to_text(True) == "true"
    assert to_text(("a", "b")) == "a,b"
    assert to_text(0.5) == "0.5"
    assert to_text(-1) == "-1"


def test_every_default_satisfies_its_own_rule_and_survives_its_text() -> None:
    for definition in (*BROKER.values(), *TOPIC.values()):
        if definition.default is not None:
            text = definition.default_text
            assert text is not None
            assert definition.parse(text) == definition.default, definition.name


def test_an_error_names_key_value_and_what_is_allowed() -> None:
    with pytest.raises(ConfigError) as error:
        BROKER["log.segment.bytes"].parse("10")
    assert str(error.value) == (
        "Invalid value 10 for configuration log.segment.bytes: it must be at least 1048576"
    )
    with pytest.raises(ConfigError, match="it must be one of none, all"):
        BROKER["log.flush.acks"].parse("some")
    with pytest.raises(ConfigError, match="from 1 to 9, or -1"):
        BROKER["compression.gzip.level"].parse("0")
    with pytest.raises(ConfigError, match="a list of host:number"):
        BROKER["max.connections.per.ip.overrides"].parse("host")
    assert BROKER["max.connections.per.ip.overrides"].parse("a:1, [::1]:2") == "a:1, [::1]:2"
