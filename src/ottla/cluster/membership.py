"""A broker's registration: what the cluster knows of it. In the embedded case the broker registers itself."""

from ottla.cluster import keys
from ottla.cluster.controller.decision import Decision
from ottla.cluster.encoding import encode_broker
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import BrokerImage
from ottla.cluster.store import Put


def register(image: ClusterImage, broker: BrokerImage) -> Decision[None]:
    """Write the registration, unless it stands there as it is: then a restart costs no write."""
    if image.brokers.get(broker.id) == broker:
        return Decision((), None)
    return Decision((Put(keys.broker(broker.id), encode_broker(broker)),), None)
