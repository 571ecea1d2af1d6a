"""docs/reference/configs.md, made from the definitions: `python -m ottla.broker.config.reference > …`."""

import sys
from collections.abc import Iterator, Mapping

from ottla.broker.config.definition import Definition, Mode
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.topic_config import FALLBACKS
from ottla.broker.config.without_effect import WITHOUT_EFFECT

_HEAD = """\
# Configs

Made by `python -m ottla.broker.config.reference > docs/reference/configs.md`; a test compares. Names, types, defaults
and what is allowed are Apache Kafka 4.2's. Four defaults differ: `listeners` is this machine alone, `log.dir` is not in
/tmp, `node.id` need not be set, and neither need `controller.listener.names`.

A broker reads, each over the one before: its properties file (Java's syntax), `KAFKA_…` environment variables (`_` for
a dot, `__` for an underscore, `___` for a dash), `--set key=value`. A value that is not allowed is an error at start.
A key that nobody knows, and one that Apache Kafka knows and Ottla does nothing with (see the end), is a warning.

*Dynamic* broker configs can be altered while the broker runs, for one broker or for all (`kafka-configs.sh --alter
--entity-type brokers`), without a restart; the others are read at start.
"""

_BROKER_HEAD = """
## Broker

| config | type | default | allowed | dynamic | importance |
|---|---|---|---|---|---|
"""

_TOPIC_HEAD = """
## Topic

Set with CreateTopics, AlterConfigs or IncrementalAlterConfigs; in effect at once. Not set, the broker config beside it
counts.

| config | type | default | allowed | broker config |
|---|---|---|---|---|
"""

_REST_HEAD = """
## Known to Apache Kafka, without effect here

Where a broker is started, these are warned about by name; AlterConfigs refuses them with INVALID_CONFIG.
"""


def reference() -> str:
    """The whole page."""
    parts = [_HEAD, _BROKER_HEAD]
    brokers = [definition for definition in BROKER.values() if not definition.internal]
    parts += (_broker_row(definition) for definition in brokers)
    parts += ("\n", *(_sentence(definition) for definition in brokers))
    parts.append(_TOPIC_HEAD)
    shown = [definition for definition in TOPIC.values() if not definition.internal]
    parts += (_topic_row(definition) for definition in shown)
    parts += ("\n", *(_sentence(definition) for definition in shown))
    parts.append(_REST_HEAD)
    parts += _without_effect(WITHOUT_EFFECT)
    return "".join(parts)


def _broker_row(definition: Definition) -> str:
    dynamic = "" if definition.mode is Mode.READ_ONLY else "yes"
    importance = definition.importance.value
    return f"| {_cells(definition)} | {dynamic} | {importance} |\n"


def _topic_row(definition: Definition) -> str:
    synonyms = [name for name, _ in FALLBACKS.get(definition.name, ())] or [definition.synonym or ""]
    return f"| {_cells(definition)} | {', '.join(f'`{name}`' for name in synonyms if name)} |\n"


def _cells(definition: Definition) -> str:
    default = "not set" if definition.default is None else f"`{definition.default_text}`"
    default = "empty" if default == "``" else default
    allowed = "" if definition.rule is None else str(definition.rule)
    kind = definition.type.name.lower()
    return f"`{definition.name}` | {kind} | {default} | {allowed}"


def _sentence(definition: Definition) -> str:
    notes = " Ottla's own." if definition.own else ""
    notes += f" No effect yet: {definition.no_effect}." if definition.no_effect else ""
    return f"- `{definition.name}`: {definition.documentation}{notes}\n"


def _without_effect(reasons: Mapping[str, str]) -> Iterator[str]:
    for reason in dict.fromkeys(reasons.values()):
        names = ", ".join(f"`{name}`" for name, its in reasons.items() if its == reason)
        yield f"\n**{reason[0].upper()}{reason[1:]}.** {names}\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
