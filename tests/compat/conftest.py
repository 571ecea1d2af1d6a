"""Connections for the bad input, and a witness beside them."""

from collections.abc import Iterator

import pytest
from tests.compat.witness import Witness, one_record
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection


@pytest.fixture
def witness(broker: BrokerProcess, topic: str) -> Iterator[Witness]:
    with RawConnection(broker.port) as connection:
        name = f"{topic[:180]}.witness"
        assert connection.create_topic(name) == 0
        assert connection.produce(name, 0, one_record(b"before")).error == 0
        witness = Witness(connection, name)
        yield witness
        witness.assert_served()


@pytest.fixture
def connection(broker: BrokerProcess) -> Iterator[RawConnection]:
    """A second connection, for the bad input itself."""
    with RawConnection(broker.port) as connection:
        yield connection


@pytest.fixture
def ready_topic(connection: RawConnection, topic: str) -> str:
    """A topic with one partition that is there already."""
    assert connection.create_topic(topic) == 0
    return topic
