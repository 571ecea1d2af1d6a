"""Somebody else's connection, which bad input must not disturb."""

import time
from dataclasses import dataclass

from tests.support import batches
from tests.support.wire import RawConnection


def one_record(value: bytes = b"value", key: bytes | None = b"key") -> bytes:
    """A batch of one record of now."""
    return batches.build([batches.Record(key, value)], now_ms=int(time.time() * 1000))


@dataclass
class Witness:
    """A topic with one record that must stay, and a connection that must be served on."""

    connection: RawConnection
    topic: str

    def assert_served(self) -> None:
        """The old record is there, a new one is taken, and both are read back in order."""
        before = self.connection.list_offset(self.topic, 0, -1)[2]
        produced = self.connection.produce(self.topic, 0, one_record(b"after"))
        assert (produced.error, produced.base_offset) == (0, before)
        records = list(batches.decode(self.connection.fetch(self.topic, 0, 0).records))
        assert [record.value for record in records] == [b"before"] + [b"after"] * before
