"""Config changes: AlterConfigs replaces a resource's configs, IncrementalAlterConfigs changes some of them.

All of a resource's changes are checked before any is made; one bad resource does not hold up the others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ottla.cluster import keys
from ottla.cluster.controller.decision import OK, Decision, Verdict
from ottla.cluster.controller.names import check_topic_name
from ottla.cluster.controller.rules import ConfigRules
from ottla.cluster.encoding import encode_configs
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import Resource, ResourceType
from ottla.cluster.store import Delete, Put, Write
from ottla.core.errors import ErrorCode, KafkaError


class Operation(IntEnum):
    """What to do with one config; the numbers are those of IncrementalAlterConfigs."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One config of a request. The operation is its number as it came."""

    name: str
    value: str | None
    operation: int = Operation.SET


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource of a request. With `replace_all`, configs that are not named go back to their defaults."""

    resource: Resource
    changes: Sequence[ConfigChange]
    replace_all: bool = False


def alter_configs(
    image: ClusterImage, resources: Sequence[ResourceChange], rules: ConfigRules
) -> Decision[list[Verdict]]:
    """One verdict for each resource, in the order of the request."""
    counts = Counter(change.resource for change in resources)
    writes: list[Write] = []
    verdicts: list[Verdict] = []
    for change in resources:
        try:
            if counts[change.resource] > 1:
                raise KafkaError(ErrorCode.INVALID_REQUEST, "a resource may be in a request once")
            writes.extend(_alter(image, change, rules))
            verdicts.append(OK)
        except KafkaError as error:
            verdicts.append(Verdict(error.code, error.message))
    return Decision(tuple(writes), verdicts)


def _alter(image: ClusterImage, change: ResourceChange, rules: ConfigRules) -> list[Write]:
    resource = change.resource
    _check_resource(image, resource)
    if len({one.name for one in change.changes}) != len(change.changes):
        raise KafkaError(ErrorCode.INVALID_REQUEST, "a config may be in a resource once")
    before = image.all_configs.get(resource, {})
    after: dict[str, str] = {} if change.replace_all else dict(before)
    for one in change.changes:
        _apply(after, before, one, rules.default_items(resource, one.name))
    names = [one.name for one in change.changes if one.operation != Operation.DELETE]
    rules.check(resource, after, names)
    if after == before:
        return []
    key = keys.configs(resource)
    return [Put(key, encode_configs(after)) if after else Delete(key)]


def _check_resource(image: ClusterImage, resource: Resource) -> None:
    kind, name = resource
    if kind is not ResourceType.TOPIC:
        return
    if not name:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "topics have no common configs: name a topic")
    check_topic_name(name)
    if name not in image.topics:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}")


def _apply(
    after: dict[str, str], before: Mapping[str, str], one: ConfigChange, default: tuple[str, ...] | None
) -> None:
    if one.operation == Operation.DELETE:
        after.pop(one.name, None)
        return
    if one.value is None:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{one.name} has no value (null)")
    if one.operation == Operation.SET:
        after[one.name] = one.value
    elif one.operation in (Operation.APPEND, Operation.SUBTRACT):
        if default is None:
            message = f"{one.name} is not a list: nothing can be appended to it or subtracted from it"
            raise KafkaError(ErrorCode.INVALID_CONFIG, message)
        items = list(default) if one.name not in before else _items(before[one.name])
        others = [item.strip() for item in one.value.split(",")]  # an empty one is an item: to be refused
        after[one.name] = ",".join(_combined(items, others, one.operation))
    else:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{one.operation} is no config operation")


def _combined(items: list[str], others: list[str], operation: int) -> list[str]:
    if operation == Operation.SUBTRACT:
        return [item for item in items if item not in others]
    return items + [item for item in dict.fromkeys(others) if item not in items]


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text.strip() else []
