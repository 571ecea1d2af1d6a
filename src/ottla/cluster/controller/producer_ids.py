"""Producer ids: handed out to brokers in blocks, so that none is ever given twice in the life of a cluster."""

from ottla.cluster import keys
from ottla.cluster.controller.decision import Decision
from ottla.cluster.image import ClusterImage
from ottla.cluster.store import Put
from ottla.core.limits import PRODUCER_IDS_PER_BLOCK


def allocate_producer_ids(image: ClusterImage) -> Decision[range]:
    """The next block; what a broker does not use of it before it stops is lost, which is harmless."""
    block = range(image.next_producer_id, image.next_producer_id + PRODUCER_IDS_PER_BLOCK)
    return Decision((Put(keys.NEXT_PRODUCER_ID, b"%d" % block.stop),), block)
