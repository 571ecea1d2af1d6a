"""A broker whose clients see it through a proxy only."""

from collections.abc import Iterator

import pytest
from tests.compat.chaos.behind import Behind
from tests.compat.groups.conftest import settings
from tests.conftest import NewBroker
from tests.support.process import BrokerProcess, free_port

from ottla.testing import Proxy


@pytest.fixture
def behind(new_broker: NewBroker, broker_kind: type[BrokerProcess]) -> Iterator[Behind]:
    with Proxy() as proxy:
        broker = new_broker(**settings(broker_kind))
        port = broker.port
        if broker.kind == "apache":
            port = free_port()
            broker.settings |= _apache_listeners(broker, port, proxy)
        else:
            broker.settings["advertised.listeners"] = proxy.listener
        proxy.target = ("127.0.0.1", port)
        broker.start()
        yield Behind(broker, proxy)


def _apache_listeners(broker: BrokerProcess, port: int, proxy: Proxy) -> dict[str, str]:
    """What Apache Kafka asks itself, to write markers, must not go through the proxy."""
    controller = free_port()
    clients = f"CLIENTS://{proxy.bootstrap_servers}"
    return {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://{broker.bootstrap},CLIENTS://127.0.0.1:{port},"
        f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker.bootstrap},{clients}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CLIENTS:PLAINTEXT",
    }
