import pytest
from tests.support.command import Command
from tests.support.process import BrokerProcess


@pytest.fixture
def ottla(broker: BrokerProcess) -> Command:
    """`ottla` commands against the session's broker."""
    return Command(broker.bootstrap)
