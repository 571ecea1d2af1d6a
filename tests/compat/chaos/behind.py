"""A broker behind a proxy, and the trouble that both can make."""

import asyncio
import resource
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

from ottla.testing import Faults, Proxy


@dataclass(frozen=True, slots=True)
class Behind:
    """One broker, and the only way to it."""

    broker: BrokerProcess
    proxy: Proxy

    @property
    def bootstrap_servers(self) -> str:
        return self.proxy.bootstrap_servers

    async def create_topic(self, name: str, partitions: int) -> None:
        """Not through the proxy."""
        await asyncio.to_thread(self._create_topic, name, partitions)

    def _create_topic(self, name: str, partitions: int) -> None:
        with RawConnection(self.broker.port) as connection:
            assert connection.create_topic(name, partitions) == 0

    async def heal(self) -> None:
        """No faults any more."""
        await asyncio.to_thread(self.proxy.heal)


async def slow(behind: Behind, random: Random) -> None:
    for faults in (behind.proxy.to_broker, behind.proxy.to_client):
        faults.latency_ms = random.uniform(0, 150)
    await asyncio.sleep(random.uniform(0.3, 1.0))


async def narrow(behind: Behind, random: Random) -> None:
    _one_way(behind, random).bytes_per_second = random.uniform(20_000, 200_000)
    await asyncio.sleep(random.uniform(0.3, 1.0))


async def torn(behind: Behind, random: Random) -> None:
    """Requests and replies that end in the middle, some times in a row."""
    for _ in range(random.randint(1, 6)):
        _one_way(behind, random).cut_after_bytes = random.choice((1, 5, 40, 300, 2_000, 20_000))
        await asyncio.sleep(random.uniform(0.02, 0.2))


async def cut(behind: Behind, random: Random) -> None:
    for _ in range(random.randint(1, 3)):
        await asyncio.to_thread(random.choice((behind.proxy.cut, behind.proxy.reset)))
        await asyncio.sleep(random.uniform(0, 0.2))


async def refused(behind: Behind, random: Random) -> None:
    await asyncio.to_thread(behind.proxy.refuse)
    await asyncio.to_thread(random.choice((behind.proxy.cut, behind.proxy.reset)))
    await asyncio.sleep(random.uniform(0.1, 1.5))


async def half_open(behind: Behind, random: Random) -> None:
    """Nothing comes through, for less or for more than a request may last; and then all of it, or a reset."""
    behind.proxy.stall()
    await asyncio.sleep(random.choice((0.2, 0.8, 2.5)))
    if random.random() < 0.5:
        await asyncio.to_thread(behind.proxy.reset)


async def one_sided(behind: Behind, random: Random) -> None:
    """What is asked arrives, and no answer comes; or the other way round."""
    _one_way(behind, random).stalled = True
    await asyncio.sleep(random.choice((0.2, 0.8, 2.5)))
    if random.random() < 0.5:
        await asyncio.to_thread(behind.proxy.reset)


async def killed(behind: Behind, random: Random) -> None:
    await asyncio.to_thread(behind.broker.kill)
    await asyncio.sleep(random.uniform(0, 1.0))
    await asyncio.to_thread(behind.broker.start)


async def restarted(behind: Behind, random: Random) -> None:
    await asyncio.to_thread(behind.broker.restart)


async def frozen(behind: Behind, random: Random) -> None:
    """The broker stands still, for less or for more than a request may last; then it goes on as if nothing were."""
    await _stand_still(behind, random.choice((0.3, 2.5)))


async def frozen_for_long(behind: Behind, random: Random) -> None:
    """For longer than sessions last."""
    await _stand_still(behind, random.uniform(8, 12))


async def _stand_still(behind: Behind, seconds: float) -> None:
    behind.broker.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        behind.broker.signal(signal.SIGCONT)


async def full(behind: Behind, random: Random) -> None:
    """None of the broker's files may grow beyond a size, be it in the middle of a write; then they may again."""
    pid = behind.broker.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (random.choice((0, 1_000, 30_000, 300_000)), most))
    try:
        await asyncio.sleep(random.uniform(0.1, 2.0))
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


def _one_way(behind: Behind, random: Random) -> Faults:
    return random.choice((behind.proxy.to_broker, behind.proxy.to_client))


Trouble = Callable[[Behind, Random], Awaitable[None]]
NETWORK: tuple[Trouble, ...] = (slow, narrow, torn, torn, cut, cut, refused, half_open, one_sided, frozen)
BROKER: tuple[Trouble, ...] = (killed, killed, restarted, full)
"""Only of Ottla: a broker of Apache Kafka takes too long to come back, and ends when its disk is full."""
