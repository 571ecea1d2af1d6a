"""Long walks over one log: whatever is written, deleted and asked in whatever order, drawn from a seed."""

from random import Random

from tests.compat.same_answers.asker import Asker
from tests.compat.same_answers.locating import delete
from tests.compat.same_answers.plain import EPOCH_MS
from tests.compat.same_answers.producing import new_producer
from tests.compat.same_answers.questions import ROOM, at, batch, fetch, offsets, produce
from tests.compat.same_answers.stories import story

from ottla.records.compression import Codec

PARTITIONS = 2
SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 400_000)
LIMITS = (0, 1, 100, 1_000, 20_000, 150_000, 500_000, 2 * ROOM)

PLENTY = 8 * ROOM


class Walk:
    """One walk; every step is one question."""

    def __init__(self, asker: Asker, seed: int, topic: str) -> None:
        self.asker, self.topic = asker, topic
        self.random = Random(seed)
        self.producer = new_producer(asker)
        self.sequence = dict.fromkeys(range(PARTITIONS), 0)
        self.were_cut: set[int] = set()
        self.end = dict.fromkeys(range(PARTITIONS), 0)

    def step(self) -> None:
        steps = (
            self.write,
            self.write,
            self.write,
            self.write_in_sequence,
            self.read,
            self.read,
            self.find,
            self.cut,
        )
        self.random.choice(steps)(self.random.randrange(PARTITIONS))

    def _batch(
        self, producer: tuple[int, int, int] = (-1, -1, -1), sizes: tuple[int, ...] = SIZES
    ) -> tuple[bytes, int]:
        draw = self.random
        count = draw.choice((1, 1, 2, 5))
        times = tuple(draw.randrange(0, 1_000) for _ in range(count))
        values = [draw.choice("abcdefgh") * draw.choice(sizes) for _ in range(count)]
        return batch(*values, times=times, codec=draw.choice(list(Codec)), producer=producer), count

    def write(self, index: int) -> None:
        records, count = self._batch()
        self._produce(index, records, count)

    def write_in_sequence(self, index: int) -> None:
        """Mostly the next batch, now and then an old one or one too early.

        Small ones: Apache Kafka begins a new segment for a large one before it sees that it must refuse it.
        """
        slip = self.random.choice((0, 0, 0, 0, -1, 1))
        records, count = self._batch((self.producer, 0, max(self.sequence[index] + slip, 0)), SIZES[:3])
        if self._produce(index, records, count):
            self.sequence[index] = max(self.sequence[index] + slip, 0) + count

    def _produce(self, index: int, records: bytes, count: int) -> bool:
        request = produce(self.asker, (self.topic, index, records), acks=self.random.choice((1, -1)))
        reply = self.asker.ask(f"write {count} to {index}", "Produce", request, self.random.randrange(3, 14))
        taken = reply.responses[0].partition_responses[0].error_code == 0
        self.end[index] += count if taken else 0
        return taken

    def read(self, index: int) -> None:
        """One partition under a limit, or all with room: Apache Kafka lets a batch that it cuts off use up a limit."""
        draw = self.random
        rows = [
            at(self.topic, draw.randrange(-1, self.end[which] + 2), which, draw.choice(LIMITS))
            for which in sorted(range(PARTITIONS), key=lambda which: which != index)
        ]
        limit = draw.choice((*LIMITS, PLENTY, PLENTY))
        rows = rows if limit == PLENTY else rows[:1]
        asked = [(row.partition, row.fetch_offset, row.partition_max_bytes) for _, row in rows]
        request = fetch(self.asker, *rows, max_bytes=limit)
        self.asker.ask(f"read {asked} limit {limit}", "Fetch", request, draw.randrange(4, 19))

    def find(self, index: int) -> None:
        """After a deletion only the ends: Apache Kafka misses records behind a segment that is deleted in part."""
        special = (-1, -2, -1 if index in self.were_cut else EPOCH_MS + self.random.randrange(-1, 1_001))
        moment = self.random.choice(special)
        request = offsets((self.topic, index, moment))
        self.asker.ask(f"find {moment} in {index}", "ListOffsets", request, self.random.randrange(1, 12))

    def cut(self, index: int) -> None:
        """Delete a little, seldom."""
        if self.random.random() < 0.2:
            self.were_cut.add(index)
            before = self.random.randrange(0, self.end[index] + 2)
            self.asker.ask(
                f"cut {index} before {before}", "DeleteRecords", delete((self.topic, index, before))
            )


def walk(asker: Asker, seed: int, steps: int) -> None:
    topic = f"walk-{seed}"
    asker.create(topic, partitions=PARTITIONS, segment_bytes=str(ROOM))
    walked = Walk(asker, seed, topic)
    for _ in range(steps):
        walked.step()


@story
def a_walk(asker: Asker) -> None:
    walk(asker, 1, 150)


@story
def another_walk(asker: Asker) -> None:
    walk(asker, 2, 150)
