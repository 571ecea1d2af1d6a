"""The seed of a run, printed so that it can be repeated."""

import random

import pytest


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    chosen = pytestconfig.getoption("--seed")
    seed = random.SystemRandom().randrange(2**32) if chosen is None else int(chosen)
    print(f"repeat with --seed={seed}")
    return seed
