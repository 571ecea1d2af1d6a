"""What the cluster knows: immutable values that the image is made of."""

from dataclasses import dataclass
from typing import NamedTuple

NO_LEADER = -1


class PartitionImage(NamedTuple):
    """One partition's leadership. The preferred leader is `replicas[0]`.

    `leader_epoch` grows with every change of leader, `partition_epoch` with every change of this value.
    A tuple, because there are tens of thousands of them and they are made at every start.
    """

    leader: int
    leader_epoch: int
    partition_epoch: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TopicImage:
    """A topic; its partition n is `partitions[n]`. A topic made again under the same name has another id."""

    name: str
    id: bytes
    partitions: tuple[PartitionImage, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A listener as clients may dial it. An empty host stands for «the address that the client dialled»."""

    listener: str
    security_protocol: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class BrokerImage:
    """A registered broker."""

    id: int
    rack: str | None
    endpoints: tuple[Endpoint, ...]
    fenced: bool = False

    def endpoint(self, listener: str) -> Endpoint | None:
        return next((endpoint for endpoint in self.endpoints if endpoint.listener == listener), None)
