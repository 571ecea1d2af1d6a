"""Making topics: what CreateTopics, automatic creation and the internal topics have in common."""

from ottla.broker.config.alteration import AlterationRules
from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller import create_topics as controller
from ottla.cluster.controller.create_topics import Creation, CreationDefaults
from ottla.cluster.controller.decision import Decision
from ottla.cluster.image import ClusterImage
from ottla.core.ids import random_uuid
from ottla.wire.messages.create_topics import CreatableTopic


async def make_topics(
    cluster: Cluster, config: BrokerConfig, topics: list[CreatableTopic], *, validate_only: bool = False
) -> list[Creation]:
    """Create these topics, or only see whether they could be. One result for each."""
    defaults = CreationDefaults(
        config.integer("num.partitions"), config.integer("default.replication.factor")
    )

    def decide(image: ClusterImage) -> Decision[list[Creation]]:
        decided = controller.create_topics(image, topics, defaults, AlterationRules(config), random_uuid)
        return Decision((), decided.outcome) if validate_only else decided

    return await cluster.change(decide)
