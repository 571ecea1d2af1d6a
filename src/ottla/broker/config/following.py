"""Keeps the broker's configs in step with what the cluster's metadata says of them."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType


def follow(config: BrokerConfig, cluster: Cluster) -> None:
    """Take over what is set dynamically, now and at every change.

    Subscribe this before whatever reads configs in its own subscription, so that it reads the new ones.
    """

    def take_over(image: ClusterImage) -> None:
        config.set_dynamic(image.broker_configs(None), image.broker_configs(config.node_id))

    def on_change(delta: Delta) -> None:
        if any(kind is ResourceType.BROKER for kind, _ in delta.configs):
            take_over(delta.after)

    take_over(cluster.image)
    cluster.subscribe(on_change)
