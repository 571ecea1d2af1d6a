"""Short names for the tables of definitions, so that a row reads as a row."""

from ottla.broker.config.definition import Definition, Importance, Mode
from ottla.broker.config.rules import Rule
from ottla.broker.config.types import ConfigType, Value

HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW
READ_ONLY, CLUSTER_WIDE = Mode.READ_ONLY, Mode.CLUSTER_WIDE
BOOLEAN, STRING, INT, SHORT = ConfigType.BOOLEAN, ConfigType.STRING, ConfigType.INT, ConfigType.SHORT
LONG, DOUBLE, LIST = ConfigType.LONG, ConfigType.DOUBLE, ConfigType.LIST

MAX_INT = (1 << 31) - 1
MAX_LONG = (1 << 63) - 1

Row = tuple[str, ConfigType, Value, Rule | None, Importance, Mode, str]


def table(*rows: Row) -> tuple[Definition, ...]:
    """Definitions from rows of: name, type, default, rule, importance, mode, documentation."""
    return tuple(
        Definition(
            name=name,
            type=kind,
            default=default,
            rule=rule,
            importance=importance,
            mode=mode,
            documentation=documentation,
        )
        for name, kind, default, rule, importance, mode, documentation in rows
    )
