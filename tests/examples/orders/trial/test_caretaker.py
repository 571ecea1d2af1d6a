"""What ends by itself is started again, later and later; what is killed on purpose is left alone."""

import asyncio
import signal
from typing import cast

import pytest

from ottla_examples.orders.trial import caretaker
from ottla_examples.orders.trial.caretaker import Death, looked_after
from ottla_examples.orders.trial.fleet import Fleet
from ottla_examples.orders.trial.service_process import ServiceFailedError


class Patients:
    """Processes that end as soon as they are started, or stay."""

    processes = ("steady", "sickly", "hopeless")

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {"sickly": 3, "hopeless": 1}
        self.starts: list[str] = []
        self.enough = asyncio.Event()

    def ended_with(self, name: str) -> int | None:
        return self.statuses.get(name)

    def last_words(self, name: str) -> str:
        return f"{name}: alas"

    async def start(self, name: str) -> None:
        self.starts.append(name)
        if name == "hopeless":
            if self.starts.count(name) == 3:
                self.enough.set()
            raise ServiceFailedError(name)
        del self.statuses[name]


async def test_what_ends_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def no_time(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    patients = Patients()
    monkeypatch.setattr(asyncio, "sleep", no_time)
    async with looked_after(cast("Fleet", patients)) as deaths:
        await patients.enough.wait()
    assert patients.starts.count("sickly") == 1
    assert "steady" not in patients.starts
    assert Death("sickly", 3, "sickly: alas") in deaths
    assert sorted(pause for pause in pauses if pause != caretaker.LOOK_SECONDS)[:4] == [1, 1, 2, 4]


def test_who_was_killed_is_not_to_blame() -> None:
    assert not Death("shipping", -signal.SIGKILL, "").is_its_own_fault
    assert Death("shipping", 1, "").is_its_own_fault
    assert Death("shipping", -signal.SIGSEGV, "").is_its_own_fault
