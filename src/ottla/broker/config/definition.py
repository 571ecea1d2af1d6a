"""One config: everything that is known about it besides its present value."""

from dataclasses import dataclass
from enum import Enum

from ottla.broker.config.rules import Rule
from ottla.broker.config.types import ConfigType, Value, parse, to_text


class Mode(Enum):
    """Whether, and for whom, a broker config can change while the broker runs; in Kafka's words."""

    READ_ONLY = "read-only"
    CLUSTER_WIDE = "cluster-wide"


class Importance(Enum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ConfigError(Exception):
    """A value that a config cannot have. The text names key, value and what is allowed."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"Invalid value {value} for configuration {name}: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A config that Ottla honours. Name, type, default, rule, importance and mode are Kafka's own."""

    name: str
    type: ConfigType
    default: Value
    importance: Importance
    documentation: str
    rule: Rule | None = None
    mode: Mode = Mode.READ_ONLY
    synonym: str | None = None
    """Of a topic config: the broker config that is its default."""
    no_effect: str | None = None
    """Why setting it changes nothing yet; such a setting is warned about or refused, never swallowed."""
    own: bool = False
    """Ottla's, unknown to Apache Kafka."""
    internal: bool = False
    """Honoured, but not shown: for tests, as Kafka's internal configs."""

    @property
    def sensitive(self) -> bool:
        return self.type is ConfigType.PASSWORD

    @property
    def default_text(self) -> str | None:
        return to_text(self.default)

    def parse(self, text: str) -> Value:
        """The value of the text. Raises ConfigError."""
        try:
            value = parse(self.type, text)
        except ValueError as error:
            raise ConfigError(self.name, text, f"it {error}") from None
        if self.rule is not None and not self.rule.allows(value):
            raise ConfigError(self.name, text, f"it must be {self.rule}")
        return value
