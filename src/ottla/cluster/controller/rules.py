"""What the controller must know about configs, which are defined on the broker's floor."""

from collections.abc import Collection, Mapping
from typing import Protocol

from ottla.cluster.keys import Resource


class ConfigRules(Protocol):
    """Asked before configs are written."""

    def check(self, resource: Resource, configs: Mapping[str, str], names: Collection[str]) -> None:
        """Raises KafkaError unless the resource may have these configs, of which `names` are set anew."""
        ...

    def default_items(self, resource: Resource, name: str) -> tuple[str, ...] | None:
        """The parts of a list config's default, to append to; None when it is no list, or unknown."""
        ...
