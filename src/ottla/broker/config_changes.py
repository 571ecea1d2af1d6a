"""Changing configs: what AlterConfigs and IncrementalAlterConfigs have in common."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ottla.broker.config.alteration import AlterationRules
from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller import configs as controller
from ottla.cluster.controller.configs import ResourceChange
from ottla.cluster.controller.decision import Decision, Verdict
from ottla.cluster.image import ClusterImage
from ottla.core.errors import KafkaError

Asked = TypeVar("Asked")


async def change_configs(
    cluster: Cluster,
    config: BrokerConfig,
    resources: Sequence[Asked],
    change_of: Callable[[BrokerConfig, Asked], ResourceChange],
    *,
    validate_only: bool,
) -> list[Verdict]:
    """Change what is asked for each resource, or only see whether that could be done. One verdict for each.

    `change_of` reads one resource's request; its KafkaError is that resource's verdict.
    """
    verdicts: dict[int, Verdict] = {}
    changes: dict[int, ResourceChange] = {}
    for index, resource in enumerate(resources):
        try:
            changes[index] = change_of(config, resource)
        except KafkaError as error:
            verdicts[index] = Verdict(error.code, error.message)
    decided = await _change(cluster, config, list(changes.values()), validate_only=validate_only)
    verdicts.update(zip(changes, decided, strict=True))
    return [verdicts[index] for index in range(len(resources))]


async def _change(
    cluster: Cluster, config: BrokerConfig, changes: list[ResourceChange], *, validate_only: bool
) -> list[Verdict]:

    def decide(image: ClusterImage) -> Decision[list[Verdict]]:
        decided = controller.alter_configs(image, changes, AlterationRules(config))
        return Decision((), decided.outcome) if validate_only else decided

    return await cluster.change(decide)
