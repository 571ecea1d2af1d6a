"""Every config that Ottla honours, as data. `BROKER` and `TOPIC` map names to definitions, in name order."""

from collections.abc import Iterable, Mapping

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.logs import LOGS
from ottla.broker.config.definitions.server import OWN, SERVER
from ottla.broker.config.definitions.topics import TOPICS


def _by_name(definitions: Iterable[Definition]) -> Mapping[str, Definition]:
    return {definition.name: definition for definition in sorted(definitions, key=lambda one: one.name)}


BROKER: Mapping[str, Definition] = _by_name(SERVER + OWN + LOGS)
TOPIC: Mapping[str, Definition] = _by_name(TOPICS)
