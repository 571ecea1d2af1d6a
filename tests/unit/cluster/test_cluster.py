"""The cluster: one change after the other, each durable, applied and told before its caller hears of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from ottla.cluster import keys
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.decision import Decision
from ottla.cluster.delta import Delta
from ottla.cluster.encoding import encode_topic
from ottla.cluster.image import ClusterImage
from ottla.cluster.membership import register
from ottla.cluster.memory import MemoryStore
from ottla.cluster.metadata import BrokerImage, PartitionImage, TopicImage
from ottla.cluster.store import Expect, Put, StoreError, Write
from ottla.core.errors import ErrorCode, KafkaError


def create(name: str) -> Callable[[ClusterImage], Decision[str]]:
    """A change that makes a topic of this name with as many partitions as there are topics."""

    def decide(image: ClusterImage) -> Decision[str]:
        partitions = (PartitionImage(1, 0, 0, (1,), (1,)),) * len(image.topics)
        topic = TopicImage(name, name.encode().ljust(16), partitions)
        return Decision((Put(keys.topic(name), encode_topic(topic)),), name)

    return decide


class SlowStore(MemoryStore):
    """Lets others run while a transaction is under way, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: StoreError | None = None
        self.under_way = 0
        self.began = asyncio.Event()

    async def transact(self, writes: Sequence[Write], expects: Sequence[Expect] = ()) -> int:
        assert self.under_way == 0
        self.under_way += 1
        self.began.set()
        try:
            await asyncio.sleep(0.001)
            if self.failure:
                raise self.failure
            return await super().transact(writes, expects)
        finally:
            self.under_way -= 1


async def test_a_new_store_gets_the_clusters_id_and_keeps_it() -> None:
    store = MemoryStore()
    assert (await Cluster.open(store, "first")).image.cluster_id == "first"
    assert (await Cluster.open(store, "first")).image.cluster_id == "first"
    with pytest.raises(StoreError, match="the metadata is of cluster first, not of second"):
        await Cluster.open(store, "second")


async def test_what_was_changed_is_there_when_it_is_opened_again() -> None:
    store = MemoryStore()
    cluster = await Cluster.open(store, "id")
    await cluster.change(create("a"))
    await cluster.change(create("b"))
    assert (await Cluster.open(store, "id")).image == cluster.image


async def test_changes_are_made_one_after_the_other_and_told_in_order() -> None:
    cluster = await Cluster.open(SlowStore(), "id")
    told: list[Delta] = []
    cluster.subscribe(told.append)
    names = [f"t{n}" for n in range(10)]
    assert await asyncio.gather(*(cluster.change(create(name)) for name in names)) == names
    assert [delta.created[0].name for delta in told] == names
    assert [len(delta.created[0].partitions) for delta in told] == list(range(10))
    assert all(earlier.after is later.before for earlier, later in pairwise(told))
    assert told[-1].after is cluster.image


async def test_a_subscriber_has_heard_before_the_caller_has() -> None:
    cluster = await Cluster.open(MemoryStore(), "id")
    told: list[str] = []
    cluster.subscribe(lambda delta: told.append(delta.created[0].name))
    await cluster.change(create("a"))
    assert told == ["a"]


async def test_a_decision_without_writes_changes_nothing() -> None:
    cluster = await Cluster.open(MemoryStore(), "id")
    before = cluster.image
    cluster.subscribe(lambda delta: pytest.fail("nothing happened"))
    assert await cluster.change(lambda image: Decision((), len(image.topics))) == 0
    assert cluster.image is before


async def test_a_decision_that_fails_changes_nothing() -> None:
    cluster = await Cluster.open(MemoryStore(), "id")

    def refuse(image: ClusterImage) -> Decision[None]:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "no")

    with pytest.raises(KafkaError, match="no"):
        await cluster.change(refuse)
    await cluster.change(create("a"))


async def test_a_store_that_fails_changes_nothing_and_is_told_as_a_storage_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = SlowStore()
    cluster = await Cluster.open(store, "id")
    before = cluster.image
    store.failure = StoreError("the disk is full")
    with pytest.raises(KafkaError) as error:
        await cluster.change(create("a"))
    assert error.value.code is ErrorCode.KAFKA_STORAGE_ERROR
    assert "the disk is full" in caplog.text
    assert cluster.image is before
    store.failure = None
    await cluster.change(create("a"))
    assert "a" in cluster.image.topics


async def test_a_caller_that_goes_away_does_not_leave_the_image_behind_the_store() -> None:
    store = SlowStore()
    cluster = await Cluster.open(store, "id")
    store.began.clear()
    caller = asyncio.ensure_future(cluster.change(create("a")))
    await store.began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await cluster.change(create("b"))
    assert set(cluster.image.topics) == {"a", "b"}
    assert (await Cluster.open(store, "id")).image == cluster.image


async def test_a_subscriber_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    cluster = await Cluster.open(MemoryStore(), "id")
    told: list[Delta] = []
    cluster.subscribe(lambda delta: 1 // 0)  # type: ignore[arg-type,return-value]
    cluster.subscribe(told.append)
    with caplog.at_level(logging.ERROR):
        await cluster.change(create("a"))
    assert len(told) == 1
    assert "a subscriber failed" in caplog.text


async def test_a_broker_registers_once() -> None:
    cluster = await Cluster.open(MemoryStore(), "id")
    one = BrokerImage(1, None, ())
    await cluster.change(lambda image: register(image, one))
    assert cluster.image.brokers == {1: one}
    first = cluster.image
    await cluster.change(lambda image: register(image, one))
    assert cluster.image is first
    moved = BrokerImage(1, "rack", ())
    await cluster.change(lambda image: register(image, moved))
    assert cluster.image.brokers == {1: moved}
