"""What a person set: the properties file, then the environment, then --set, each over the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.environment import configs_of
from ottla.broker.config.properties import parse_properties
from ottla.broker.config.without_effect import why_without_effect


@dataclass(frozen=True, slots=True)
class Settings:
    """Text by name, for configs that have an effect; and what the person should be told about the others."""

    texts: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def gather(
    file: str = "", environment: Mapping[str, str] | None = None, assignments: Iterable[str] = ()
) -> Settings:
    """Settings from a file's text, an environment and `key=value` assignments. Raises ValueError.

    Values are looked at by BrokerConfig; here it is only decided what has an effect at all.
    """
    from_environment, passed_over = configs_of(environment or {})
    texts = parse_properties(file) | from_environment | dict(map(_assignment, assignments))
    warnings = [f"{variable} is not a broker config and is passed over" for variable in passed_over]
    honoured: dict[str, str] = {}
    for name, text in texts.items():
        warning = warning_about(name)
        if warning is not None:
            warnings.append(warning)
        if name in BROKER:
            honoured[name] = text
    return Settings(honoured, tuple(warnings))


def warning_about(name: str) -> str | None:
    """What to tell a person who sets this broker config; None when it simply has its effect."""
    definition = BROKER.get(name)
    reason = definition.no_effect if definition else why_without_effect(name)
    if reason is not None:
        return f"{name} is known to Apache Kafka, but has no effect in Ottla yet: {reason}"
    return None if definition else f"{name} is unknown to Ottla and to Apache Kafka{suggestion(name)}"


def suggestion(name: str) -> str:
    """«; did you mean …?» when a known broker config is near, else nothing."""
    return _did_you_mean(name, BROKER, {topic.name: topic.synonym for topic in TOPIC.values()})


def topic_suggestion(name: str) -> str:
    """The same for a topic config."""
    return _did_you_mean(name, TOPIC, {topic.synonym or "": topic.name for topic in TOPIC.values()})


def _did_you_mean(name: str, known: Iterable[str], synonyms: Mapping[str, str | None]) -> str:
    from difflib import get_close_matches

    near = [synonyms[name]] if synonyms.get(name) else get_close_matches(name, known, 1, 0.8)
    return f"; did you mean {near[0]}?" if near else ""


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ValueError(f"{text!r} is not key=value, such as num.partitions=3")
    return name.strip(), value.strip()
