"""An admin at the broker under test, topics that every broker knows, and the same face over plain requests."""

from collections.abc import AsyncIterator

import pytest
from tests.integration.client.admin.steps import Steps
from tests.support.process import BrokerProcess

from ottla.client import Admin


@pytest.fixture
async def admin(broker: BrokerProcess) -> AsyncIterator[Admin]:
    async with Admin(broker.bootstrap, default_api_timeout_ms=20_000) as admin:
        yield admin


@pytest.fixture
def steps(admin: Admin) -> Steps:
    return Steps(admin)
