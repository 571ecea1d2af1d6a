"""Producers and consumers through every trouble; run longer with `-m heavy`."""

import random

import pytest
from tests.compat.chaos.behind import BROKER, NETWORK, Behind, Trouble, frozen_for_long
from tests.compat.chaos.trial import Trial

pytestmark = [pytest.mark.compat, pytest.mark.crash]


def troubles_of(behind: Behind) -> tuple[Trouble, ...]:
    return NETWORK + BROKER if behind.broker.kind == "ottla" else NETWORK


async def try_it(
    behind: Behind, topic: str, seed: int | None, seconds: float, troubles: tuple[Trouble, ...]
) -> None:
    seed = random.randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}")
    trial = Trial(behind, topic, seed)
    try:
        await trial.disturb(seconds, troubles)
        await trial.finish()
    finally:
        print(trial.told())
        await trial.end()


@pytest.mark.timeout(240)
async def test_clients_keep_their_promises(behind: Behind, topic: str, pytestconfig: pytest.Config) -> None:
    await try_it(behind, topic, pytestconfig.getoption("--seed"), 15, troubles_of(behind))


@pytest.mark.heavy
@pytest.mark.timeout(900)
async def test_clients_keep_their_promises_for_minutes(
    behind: Behind, topic: str, pytestconfig: pytest.Config
) -> None:
    troubles = (*troubles_of(behind), frozen_for_long)
    await try_it(behind, topic, pytestconfig.getoption("--seed"), 240, troubles)
