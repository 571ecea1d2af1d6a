"""Metadata in the background: asked together, one request at a time, and kept fresh."""

import asyncio
from collections.abc import Collection

import pytest

from ottla.client.brokers.refresher import Refresher
from ottla.client.config.settings import ClientSettings
from ottla.core.errors import ErrorCode, KafkaError


class ScriptedCluster:
    """Remembers what it was asked; fails as often as it is told."""

    def __init__(self, failures: int = 0, max_age_ms: int = 300_000) -> None:
        self.settings = ClientSettings(metadata_max_age_ms=max_age_ms, retry_backoff_ms=1)
        self.asked: list[Collection[str] | None] = []
        self.failures = failures

    async def refresh(self, topics: Collection[str] | None, *, create: bool = False) -> None:
        self.asked.append(topics if topics is None else set(topics))
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, "no broker answers")


def refreshing(cluster: ScriptedCluster) -> tuple[Refresher, asyncio.Event]:
    done = asyncio.Event()
    return Refresher(cluster, done.set), done  # type: ignore[arg-type]


async def test_what_is_needed_meanwhile_is_asked_together() -> None:
    cluster = ScriptedCluster()
    refresher, done = refreshing(cluster)
    refresher.need("a")
    await asyncio.sleep(0)
    refresher.need("b")
    refresher.need("c")
    await done.wait()
    assert cluster.asked == [{"a"}, {"b", "c"}]
    await refresher.close()


async def test_all_topics_take_the_others_in() -> None:
    cluster = ScriptedCluster()
    refresher, done = refreshing(cluster)
    refresher.need("a")
    refresher.need_all()
    await done.wait()
    assert cluster.asked == [None]
    await refresher.close()


async def test_a_failure_is_told_and_ends_the_wait(caplog: pytest.LogCaptureFixture) -> None:
    cluster = ScriptedCluster(failures=2)
    refresher, done = refreshing(cluster)
    for _ in range(2):
        refresher.need("a")
        await done.wait()
        done.clear()
        assert refresher.problem == "no broker answers"
    refresher.need("a")
    await done.wait()
    assert refresher.problem == ""
    assert [record.getMessage() for record in caplog.records] == ["no broker answers; trying again"]
    await refresher.close()


@pytest.mark.parametrize("topics", [["a", "b"], None])
async def test_it_asks_again_before_what_is_known_is_too_old(topics: list[str] | None) -> None:
    cluster = ScriptedCluster(max_age_ms=1)
    refresher, done = refreshing(cluster)
    refresher.keep_fresh(lambda: topics)
    for _ in range(3):
        await done.wait()
        done.clear()
    assert cluster.asked[:3] == [topics if topics is None else set(topics)] * 3
    await refresher.close()
    count = len(cluster.asked)
    await asyncio.sleep(0.01)
    assert len(cluster.asked) == count
