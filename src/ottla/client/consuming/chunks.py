"""Fetched batches on their way to the application: which of them it sees."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ottla.client.consuming.positions import Place
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import DECODE_ON_THE_SPOT_BYTES
from ottla.records.batch import CODEC_BITS, HEADER, HEADER_BYTES, PREFIX_BYTES, Batch
from ottla.records.control import ControlType, read_end_transaction_marker
from ottla.records.reader import records_body
from ottla.wire.messages.fetch import AbortedTransaction


@dataclass(slots=True, eq=False)
class Chunk:
    """One batch, or a gap without records for a reader, and where it leads to."""

    place: Place
    batch: Batch | None
    next_offset: int
    """The position behind it, and behind what follows and is not shown."""
    size_in_bytes: int
    broker: int
    """The node id of who sent it."""
    is_checked: bool = False
    """Whether it is ready to be decoded."""
    unpacking: "asyncio.Future[Batch] | None" = None

    @property
    def is_large(self) -> bool:
        """Whether preparing it takes so long that a thread does it."""
        big = self.batch is not None and self.batch.size_in_bytes > DECODE_ON_THE_SPOT_BYTES
        return big and not self.is_checked

    @property
    def epoch(self) -> int:
        """The leader epoch that it was written under; -1 for a gap."""
        return -1 if self.batch is None else self.batch.partition_leader_epoch

    async def prepare(self, *, check_crcs: bool) -> None:
        """Get ready to be decoded without much ado: a large one is checked and decompressed in a thread, so that
        heartbeats go on. Raises KafkaError for a damaged one."""
        if not self.is_large:
            self.prepare_now(check_crcs=check_crcs)
            return
        batch = self.batch
        assert batch is not None
        if self.unpacking is None:
            loop = asyncio.get_running_loop()
            self.unpacking = loop.run_in_executor(None, _unpacked, batch, check_crcs)
            self.unpacking.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self.batch = await asyncio.shield(self.unpacking)  # who comes again after a timeout finds it done
            self.is_checked = True
        except ValueError as error:
            raise self.damaged(error) from error

    def prepare_now(self, *, check_crcs: bool) -> None:
        """The same without a thread."""
        if check_crcs and self.batch is not None and not self.is_checked and not self.batch.crc_is_valid():
            raise self.damaged(ValueError("its checksum is wrong"))
        self.is_checked = True

    def damaged(self, error: ValueError) -> KafkaError:
        """What to say of a batch that cannot be read."""
        assert self.batch is not None
        text = f"{self.place.partition}: batch at offset {self.batch.base_offset}: {error}"
        return KafkaError(ErrorCode.CORRUPT_MESSAGE, text)


def _unpacked(batch: Batch, check_crc: bool) -> Batch:
    """The same batch, not compressed; its checksum is not adjusted."""
    if check_crc and not batch.crc_is_valid():
        raise ValueError("its checksum is wrong")
    if not batch.attributes & CODEC_BITS:
        return batch
    body = records_body(batch)
    header = HEADER.pack(
        batch.base_offset,
        HEADER_BYTES - PREFIX_BYTES + len(body),
        batch.partition_leader_epoch,
        batch.magic,
        batch.crc,
        batch.attributes & ~CODEC_BITS,
        batch.last_offset_delta,
        batch.base_timestamp,
        batch.max_timestamp,
        batch.producer_id,
        batch.producer_epoch,
        batch.base_sequence,
        batch.records_count,
    )
    return Batch(header + body)


def chunks(
    place: Place, arrived: Sequence[Batch], aborted: Sequence[AbortedTransaction] | None, broker: int = -1
) -> Iterator[Chunk]:
    """What a reader sees of these; `aborted` lists the transactions that it must not see, None for all seen.

    Control batches are never shown; they and what is aborted only move the position on. Raises CorruptRecordError.
    """
    held: Chunk | None = None
    for batch, shown in _shown(arrived, aborted):
        if shown:
            if held is not None:
                yield held
            held = Chunk(place, batch, batch.next_offset, batch.size_in_bytes, broker)
        elif held is None:
            held = Chunk(place, None, batch.next_offset, batch.size_in_bytes, broker)
        else:
            held.next_offset = batch.next_offset
            held.size_in_bytes += batch.size_in_bytes
    if held is not None:
        yield held


def _shown(
    arrived: Sequence[Batch], aborted: Sequence[AbortedTransaction] | None
) -> Iterator[tuple[Batch, bool]]:
    """An aborted transaction begins at its first offset and ends with its producer's next abort marker."""
    to_come = deque(sorted(aborted or (), key=lambda transaction: transaction.first_offset))
    open_producers: set[int] = set()
    for batch in arrived:
        while to_come and to_come[0].first_offset <= batch.last_offset:
            open_producers.add(to_come.popleft().producer_id)
        if batch.is_control:
            if batch.producer_id in open_producers and _is_abort(batch):
                open_producers.discard(batch.producer_id)
            yield batch, False
        else:
            yield batch, not (batch.is_transactional and batch.producer_id in open_producers)


def _is_abort(batch: Batch) -> bool:
    marker = read_end_transaction_marker(batch)
    return marker is not None and marker.control_type is ControlType.ABORT
