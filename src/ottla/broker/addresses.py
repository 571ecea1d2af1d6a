"""Where clients are told to find the brokers."""

from dataclasses import dataclass

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.cluster.image import ClusterImage
from ottla.cluster.metadata import BrokerImage, Endpoint


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker as this client may reach it."""

    id: int
    host: str
    port: int
    rack: str | None
    fenced: bool


def registration(config: BrokerConfig) -> BrokerImage:
    """This broker as it registers itself; an endpoint without host is told to each client as it dialled."""
    advertised = {listener.name: listener for listener in config.advertised_listeners}
    endpoints = []
    for listener in config.listeners:
        known = advertised.get(listener.name)
        host, port = (known.host, known.port) if known else ("", listener.port)
        endpoints.append(Endpoint(listener.name, listener.security_protocol, host, port))
    rack = config.value("broker.rack")
    return BrokerImage(config.node_id, None if rack is None else str(rack), tuple(endpoints))


def addresses(image: ClusterImage, call: Call) -> list[BrokerAddress]:
    """The brokers that have the client's listener, in order of their ids, the fenced ones too."""
    found = []
    for broker_id in sorted(image.brokers):
        broker = image.brokers[broker_id]
        endpoint = broker.endpoint(call.listener)
        if endpoint is not None:
            host, port = (endpoint.host, endpoint.port) if endpoint.host else call.local
            found.append(BrokerAddress(broker_id, host, port, broker.rack, broker.fenced))
    return found
