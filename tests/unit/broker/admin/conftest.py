"""Whom the tests of this folder ask: Ottla, and with a JVM at hand a real Apache Kafka as well.

Every expectation holds for both, unless a test says that it is Ottla's own.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.admin import SETTINGS, Admin, ApacheAdmin, OurAdmin, new_admin
from tests.support.apache import ApacheBroker


@pytest.fixture(scope="session")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheBroker]:
    directory: Path = tmp_path_factory.mktemp("apache")
    broker = ApacheBroker(directory, SETTINGS)
    broker.start()
    yield broker
    broker.close()


@pytest.fixture(params=["ottla", pytest.param("apache", marks=pytest.mark.java)])
async def admin(request: pytest.FixtureRequest) -> AsyncIterator[Admin]:
    if request.param == "ottla":
        yield await new_admin()
        return
    asked = ApacheAdmin(request.getfixturevalue("apache").port)
    yield asked
    asked.close()


@pytest.fixture
async def ours() -> OurAdmin:
    """Ottla alone, for what is its own."""
    return await new_admin()


@pytest.fixture
def theirs(apache: ApacheBroker) -> Iterator[ApacheAdmin]:
    """Apache Kafka alone, as the source of facts."""
    asked = ApacheAdmin(apache.port)
    yield asked
    asked.close()
