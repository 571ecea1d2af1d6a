"""What each client must be able to do, and the records that they exchange."""

from collections.abc import Sequence
from typing import Protocol

from tests.support.batches import Record

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
MEGABYTE = b"".join(b"%07d\n" % number for number in range(125_000))
"""1,000,000 bytes: with its envelope just under the 1,048,588 that Kafka allows for a batch."""

SAMPLES: tuple[Record, ...] = (
    Record(b"key", b"value"),
    Record(None, b"no key"),
    Record(b"deleted", None),
    Record(None, None),
    Record(b"", b""),
    Record("clé ключ 鍵".encode(), "værdi значение 値".encode()),
    Record(b"\x00\xff\xfe", bytes(range(1, 256))),
    Record(b"one header", b"v", (("name", b"value"),)),
    Record(b"null header", b"v", (("nothing", None), ("empty", b""))),
    Record(b"twice", b"v", (("again", b"1"), ("again", b"2"), ("other", b"3"), ("again", b"1"))),
    Record(b"old", b"v", (), 1_234_567_890_123),
    Record(b"older", b"v", (), 1_000_000_000_000),
    Record(b"megabyte", MEGABYTE),
)
"""Everything that a record can look like: what all of the clients can write except where they say so."""


class Client(Protocol):
    name: str

    def can_write(self, record: Record) -> bool:
        """Whether this client has a way to say it."""

    def write(self, bootstrap: str, topic: str, records: Sequence[Record], codec: str = "none") -> None:
        """Write to partition 0 with acks=all; returns when all are acknowledged, raises when one is not."""

    def read(self, bootstrap: str, topic: str, count: int) -> list[Record]:
        """The first `count` records of partition 0, from its beginning, without a group."""
