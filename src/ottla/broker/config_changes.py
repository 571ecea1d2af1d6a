"""Changing configs: what AlterConfigs and IncrementalAlterConfigs have in common."""

from ottla.broker.config.alteration import AlterationRules
from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller import configs as controller
from ottla.cluster.controller.configs import ResourceChange
from ottla.cluster.controller.decision import Decision, Verdict
from ottla.cluster.image import ClusterImage


async def change_configs(
    cluster: Cluster, config: BrokerConfig, changes: list[ResourceChange], *, validate_only: bool
) -> list[Verdict]:
    """Make these changes, or only see whether they could be made. One verdict for each."""

    def decide(image: ClusterImage) -> Decision[list[Verdict]]:
        decided = controller.alter_configs(image, changes, AlterationRules(config))
        return Decision((), decided.outcome) if validate_only else decided

    return await cluster.change(decide)
