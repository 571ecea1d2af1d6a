"""Makes batches for the application of the chunks that come."""

import asyncio
from collections.abc import Collection
from typing import Any

from ottla.client.consuming.batch import Batch, Commit, Cut
from ottla.client.consuming.chunk_source import ChunkSource
from ottla.client.consuming.chunks import Chunk
from ottla.client.consuming.decoding import Decoding
from ottla.client.consuming.positions import Place, advance
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import KafkaError


class Cutting:
    """Small chunks of one partition are put together, large ones are cut."""

    def __init__(self, source: ChunkSource, decoding: Decoding) -> None:
        self._source = source
        self._decoding = decoding
        self._cut: tuple[Chunk, Cut, int] | None = None
        """A chunk, decoded as far as that was asked for, and how many of its records are handed out."""

    async def next(
        self, max_records: int, max_wait_s: float, commit: Commit
    ) -> tuple[Batch[Any, Any], Place]:
        """The next records of one partition. Once there is one, more are waited for, but not for long."""
        while True:
            await self._cut_next()
            if max_wait_s > 0:
                await self._wait_for(max_records, max_wait_s)
            if self._cut is not None:  # else it was given up meanwhile
                return self._take_batch(max_records, commit)

    def stop(self, places: Collection[Place]) -> None:
        """Hand out nothing more of these."""
        if self._cut is not None and self._cut[0].place in places:
            self.put_back()

    async def _cut_next(self) -> None:
        while self._cut is None:
            chunk = await self._source.next(())
            cut = Cut(chunk, self._decoding, None)
            if not cut.is_counted or self._decoding.of(chunk.place.partition.topic).prepared:
                cut = Cut(
                    chunk, self._decoding, await self._source.or_back(chunk, self._decoding.records(chunk))
                )
            if self._source.may_go_out(chunk):
                if cut.count > 0:
                    self._cut = (chunk, cut, 0)
                else:
                    advance(chunk.place, chunk.next_offset, chunk.epoch)

    async def _wait_for(self, max_records: int, max_wait_s: float) -> None:
        """Until there is a full batch's worth of the same partition, or something of another, or it is time."""
        try:
            async with asyncio.timeout(max_wait_s):
                while self._cut is not None:
                    chunk, cut, start = self._cut
                    if (
                        cut.count - start + self._source.queue.count_next_of(chunk.place, max_records)
                        >= max_records
                    ):
                        return
                    await self._source.wait(came=False)
        except TimeoutError:
            pass

    def _take_batch(self, max_records: int, commit: Commit) -> tuple[Batch[Any, Any], Place]:
        """Of what is there. Nothing is awaited, so nothing can be lost."""
        assert self._cut is not None
        pieces: list[tuple[Cut, int, int]] = []
        place, left, end = self._cut[0].place, max_records, OffsetAndMetadata(-1)
        while self._cut is not None and left:
            chunk, cut, start = self._cut
            stop = min(cut.count, start + left)
            pieces.append((cut, start, stop))
            left -= stop - start
            end = OffsetAndMetadata(cut.offset_after(stop), chunk.epoch)
            self._cut = (chunk, cut, stop) if stop < cut.count else None
            place.position, place.epoch = end.offset, chunk.epoch
            if self._cut is None and left:
                self._cut_next_of(place)
        raw = self._decoding.of(place.partition.topic).value is None
        return Batch(place.partition, pieces, end, commit, raw_values=raw), place

    def _cut_next_of(self, place: Place) -> None:
        """The next chunk, if it is of the same place and needs no waiting."""
        chunk = self._source.queue.take_next_of(place)
        if chunk is None:
            return
        cut = Cut(chunk, self._decoding, None)
        try:
            chunk.prepare_now(check_crcs=self._decoding.check_crcs)
        except KafkaError:
            cut.count = -1  # whoever reads next is told
        if cut.count <= 0 or self._decoding.of(place.partition.topic).prepared:
            self._source.queue.put_back(chunk)
        else:
            self._cut = (chunk, cut, 0)

    def put_back(self) -> None:
        """What is left of a chunk is the next to be taken."""
        cut, self._cut = self._cut, None
        if cut is not None:
            self._source.queue.put_back(cut[0])
