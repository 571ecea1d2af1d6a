"""Every config that Ottla honours, as data. `BROKER` and `TOPIC` map names to definitions, in name order."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ottla.broker.config.definition import Definition
from ottla.broker.config.definitions.groups import GROUPS
from ottla.broker.config.definitions.logs import LOGS
from ottla.broker.config.definitions.not_yet import NOT_YET
from ottla.broker.config.definitions.server import INTERNAL, OWN, SERVER
from ottla.broker.config.definitions.topics import TOPICS
from ottla.broker.config.definitions.transactions import TRANSACTIONS


def _by_name(definitions: Iterable[Definition]) -> Mapping[str, Definition]:
    in_order = sorted(definitions, key=lambda one: one.name)
    return {one.name: replace(one, no_effect=NOT_YET.get(one.name, one.no_effect)) for one in in_order}


BROKER: Mapping[str, Definition] = _by_name(SERVER + INTERNAL + OWN + LOGS + GROUPS + TRANSACTIONS)
TOPIC: Mapping[str, Definition] = _by_name(TOPICS)
