"""The cluster as a broker holds it: the present image, and the one way to change it.

A change is decided on the present image, written to the store, applied to the image, and then told to the
subscribers, one change after the other. So every subscriber sees the same images in the same order, and
when `change` returns, what it did is durable and in effect.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from ottla.cluster import keys
from ottla.cluster.controller.decision import Decision
from ottla.cluster.delta import Delta, step
from ottla.cluster.image import ClusterImage
from ottla.cluster.store import Change, Committed, Expect, MetadataStore, Put, StoreError, Write
from ottla.core.errors import ErrorCode, KafkaError

_log = logging.getLogger("ottla.cluster")

Outcome = TypeVar("Outcome")
Subscriber = Callable[[Delta], None]
"""Called on the loop, before the change's caller hears of it. Long work it only begins."""


class Cluster:
    """Open with `await Cluster.open(store)`. Owned by one event loop."""

    def __init__(self, store: MetadataStore, image: ClusterImage) -> None:
        self._store = store
        self._image = image
        self._one_at_a_time = asyncio.Lock()
        self._subscribers: list[Subscriber] = []

    @classmethod
    async def open(cls, store: MetadataStore, cluster_id: str) -> "Cluster":
        """Load the image. A new store gets this cluster id; one of another cluster raises StoreError."""
        snapshot = await store.range(b"")
        image = ClusterImage.load(snapshot)
        if not image.cluster_id:
            put = Put(keys.CLUSTER_ID, cluster_id.encode())
            revision = await store.transact([put], [Expect(put.key, 0)])
            image = image.apply(revision, [Change(put.key, put.value)])
        if image.cluster_id != cluster_id:
            message = (
                f"the metadata is of cluster {image.cluster_id}, not of {cluster_id}: is the directory right?"
            )
            raise StoreError(message)
        return cls(store, image)

    @property
    def image(self) -> ClusterImage:
        """The cluster as of the last change."""
        return self._image

    def subscribe(self, subscriber: Subscriber) -> None:
        """From now on, tell it of every change. What is there already, it reads from `image`."""
        self._subscribers.append(subscriber)

    async def change(self, decide: Callable[[ClusterImage], Decision[Outcome]]) -> Outcome:
        """Decide on the present image, write, apply, tell the subscribers; then the outcome.

        `decide` may raise KafkaError: then nothing has happened. A store that cannot write raises
        KafkaError(KAFKA_STORAGE_ERROR), and nothing has happened either. A caller that is cancelled leaves
        early; the change is made all the same, for what is in the store must be in the image.
        """
        return await asyncio.shield(self._change(decide))

    async def _change(self, decide: Callable[[ClusterImage], Decision[Outcome]]) -> Outcome:
        async with self._one_at_a_time:
            decision = decide(self._image)
            if decision.writes:
                committed = await self._commit(decision.writes)
                delta = step(self._image, committed)
                self._image = delta.after
                self._tell(delta)
            return decision.outcome

    async def _commit(self, writes: tuple[Write, ...]) -> Committed:
        try:
            revision = await self._store.transact(writes)
        except StoreError as error:
            _log.error("the metadata cannot be changed: %s", error)
            message = "the metadata cannot be changed; the broker's log says why"
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, message) from error
        changes = (Change(write.key, write.value if isinstance(write, Put) else None) for write in writes)
        return Committed(revision, tuple(changes))

    def _tell(self, delta: Delta) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(delta)
            except Exception:  # noqa: BLE001  # the change is made, whatever one subscriber does with it
                _log.exception("metadata revision %d: a subscriber failed", delta.after.revision)
