"""Our own clients copy exactly once also where copiers are killed and the network between them and the broker fails."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.compat.chaos.behind import NETWORK, Behind
from tests.compat.transactions.copiers import Copier
from tests.compat.transactions.copying import Run, make_copiers

pytestmark = [pytest.mark.compat, pytest.mark.crash, pytest.mark.filterwarnings("ignore")]


class Faraway:
    """A broker as its clients see it: behind the proxy."""

    def __init__(self, behind: Behind) -> None:
        self.behind = behind
        self.port = behind.broker.port
        self.bootstrap = behind.bootstrap_servers

    def log_tail(self) -> str:
        return self.behind.broker.log_tail()


class FarawayRun(Run):
    """Copiers are killed, and in between there is trouble on the way to the broker."""

    def __init__(self, behind: Behind, copiers: Sequence[Copier], seed: int) -> None:
        super().__init__(Faraway(behind), copiers, seed)  # type: ignore[arg-type]
        self.behind = behind

    def _strike(self) -> None:
        self.random.choice(self.copiers).kill()
        self._keep_running()
        asyncio.run(self._trouble(Random(self.random.random())))

    async def _trouble(self, random: Random) -> None:
        await random.choice(NETWORK)(self.behind, random)
        await self.behind.heal()


def copy(behind: Behind, directory: Path, seed: int | None, seconds: float) -> None:
    seed = random.randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}")
    run = FarawayRun(behind, make_copiers(directory, "input", "ottla", "ottla"), seed)
    try:
        run.disturb(seconds)
        run.finish()
        assert run.blows
    finally:
        run.close()


@pytest.mark.timeout(180)
def test_copied_exactly_once(behind: Behind, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    copy(behind, tmp_path, pytestconfig.getoption("--seed"), 8)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_copied_exactly_once_for_minutes(behind: Behind, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    copy(behind, tmp_path, pytestconfig.getoption("--seed"), 180)
