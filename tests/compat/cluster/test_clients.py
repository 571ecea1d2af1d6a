"""Producers, transactions and groups while brokers of Apache Kafka die, leave and lead again.

Three Java brokers on two cores leave too little for other tests beside them, so this one is among the heavy ones.
"""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.compat.chaos.trial import Trial
from tests.compat.groups.conftest import APACHE_ALLOWS, SHORT_SESSIONS
from tests.support.apache_cluster import SIZE, ApacheCluster

from ottla.client import Admin
from ottla.client.admin import NewTopic

pytestmark = [pytest.mark.compat, pytest.mark.crash, pytest.mark.java]


class Place:
    """The cluster, as a trial sees it."""

    def __init__(self, cluster: ApacheCluster) -> None:
        self.cluster = cluster
        self.bootstrap_servers = cluster.bootstrap_servers

    async def create_topic(self, name: str, partitions: int) -> None:
        async with Admin(self.bootstrap_servers) as admin:
            (await admin.create_topics([NewTopic(name, partitions, SIZE)])).one(name)

    async def heal(self) -> None:
        """Everybody is there again."""
        for broker in self.cluster.brokers:
            if not broker.running:
                await asyncio.to_thread(broker.start)


async def killed(place: Place, random: Random) -> None:
    """Its partitions, and the groups and transactions that it coordinates, go to others."""
    await asyncio.to_thread(random.choice(place.cluster.brokers).kill)
    await asyncio.sleep(random.uniform(0, 6))


async def left(place: Place, random: Random) -> None:
    """It hands over before it goes."""
    await asyncio.to_thread(random.choice(place.cluster.brokers).stop)
    await asyncio.sleep(random.uniform(0, 2))


async def calm(place: Place, random: Random) -> None:
    """Those who came back are made leaders again, while all goes well."""
    await asyncio.sleep(random.uniform(2, 4))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ApacheCluster(tmp_path, SHORT_SESSIONS | APACHE_ALLOWS) as cluster:
        yield Place(cluster)


async def try_it(place: Place, topic: str, seed: int | None, seconds: float) -> None:
    seed = random.randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}")
    trial = Trial(place, topic, seed)
    try:
        await trial.disturb(seconds, (killed, left, calm))
        await trial.finish()
    finally:
        print(trial.told())
        await trial.end()


@pytest.mark.heavy
@pytest.mark.timeout(900)
async def test_leaders_change(place: Place, topic: str, pytestconfig: pytest.Config) -> None:
    await try_it(place, topic, pytestconfig.getoption("--seed"), 240)
