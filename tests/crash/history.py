"""What producers sent and were promised, against what the log holds: the checker names every anomaly.

Theory. Each producer writes numbered values (0, 1, 2, …) to one partition, in order, and sends a number
again only when its last sending was not acknowledged. Whatever crashes in between, the log must then
satisfy, for each producer:

- an acknowledged number is at the offset of its acknowledgement, with the bytes sent (else lost, altered);
- every record is one that was sent (else altered or invented);
- numbers appear for the first time in order, without a hole (else reordered, skipped);
- no number appears after the offset of its acknowledgement (else repeated).

And for each partition: offsets are consecutive from 0.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Anomaly(StrEnum):
    LOST = "lost"
    ALTERED = "altered"
    INVENTED = "invented"
    REORDERED = "reordered"
    SKIPPED = "skipped"
    REPEATED = "repeated"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Finding:
    anomaly: Anomaly
    partition: int
    offset: int
    words: str

    def __str__(self) -> str:
        return f"{self.anomaly} at {self.partition}/{self.offset}: {self.words}"


def value_of(seed: int, producer: int, number: int) -> bytes:
    """The bytes that a producer sends under a number: its name, then 0 to 992 bytes that follow from it."""
    name = b"%d:%d:" % (producer, number)
    digest = hashlib.blake2b(b"%d:" % seed + name, digest_size=32).digest()
    return name + digest * (digest[0] // 8)


@dataclass(slots=True)
class ProducerHistory:
    """One producer's numbers: `sent` of them, and the offset of each acknowledged one."""

    producer: int
    partition: int
    sent: int = 0
    acknowledged: dict[int, int] = field(default_factory=dict)


Log = Mapping[int, Sequence[tuple[int, bytes]]]
"""Partition → (offset, value) in the order of reading."""


def check(seed: int, histories: Sequence[ProducerHistory], log: Log) -> list[Finding]:
    """Every anomaly, in the order of offsets within each rule; empty when all promises are kept."""
    findings: list[Finding] = []
    for partition, records in log.items():
        findings += _gaps(partition, records)
        producers = {history.producer: history for history in histories if history.partition == partition}
        numbers: dict[int, list[tuple[int, int]]] = {producer: [] for producer in producers}
        for offset, value in records:
            identity = _identity(value)
            history = producers.get(identity[0]) if identity else None
            if identity is None or history is None or identity[1] >= history.sent:
                findings.append(
                    Finding(Anomaly.INVENTED, partition, offset, f"{value[:40]!r} was never sent")
                )
            elif value != value_of(seed, *identity):
                findings.append(
                    Finding(Anomaly.ALTERED, partition, offset, f"{value[:40]!r} was sent otherwise")
                )
            else:
                numbers[identity[0]].append((offset, identity[1]))
        for producer, seen in numbers.items():
            findings += _promises(producers[producer], seen)
            findings += _order(producers[producer], seen)
    return findings


def _identity(value: bytes) -> tuple[int, int] | None:
    """Producer and number that a value names."""
    producer, _, rest = value.partition(b":")
    number, colon, _ = rest.partition(b":")
    return (int(producer), int(number)) if colon and producer.isdigit() and number.isdigit() else None


def _gaps(partition: int, records: Sequence[tuple[int, bytes]]) -> Iterator[Finding]:
    for expected, (offset, _) in enumerate(records):
        if offset != expected:
            yield Finding(Anomaly.GAP, partition, offset, f"{expected} was due")
            return


def _promises(history: ProducerHistory, seen: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """Each acknowledged number at its offset, and none after it."""
    at = dict(seen)
    for number, offset in history.acknowledged.items():
        if at.get(offset) != number:
            words = f"{history.producer}:{number} was acknowledged here"
            yield Finding(Anomaly.LOST, history.partition, offset, words)
    for offset, number in seen:
        if offset > history.acknowledged.get(number, offset):
            words = f"{history.producer}:{number} was acknowledged at {history.acknowledged[number]}"
            yield Finding(Anomaly.REPEATED, history.partition, offset, words)


def _order(history: ProducerHistory, seen: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """First appearances in order without a hole. A hole that is filled later was an exchange."""
    appeared: set[int] = set()
    present = {number for _, number in seen}
    following = 0
    for offset, number in seen:
        while following < number and following not in appeared:
            anomaly = Anomaly.REORDERED if following in present else Anomaly.SKIPPED
            words = f"{history.producer}:{number} came before {following}"
            yield Finding(anomaly, history.partition, offset, words)
            appeared.add(following)
            following += 1
        appeared.add(number)
        following = max(following, number + 1)
