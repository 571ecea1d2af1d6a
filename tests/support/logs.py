"""What the tests of the log floor share: batches of a known size, and logs on a disk in memory."""

from ottla.log.config import LogConfig
from ottla.log.log import Log
from ottla.records.batch import Batch, batches
from ottla.records.builder import BatchBuilder
from ottla.records.compression import Codec
from ottla.records.reader import read_records
from ottla.testing.directory import Disk
from ottla.wire.types import Buffer

TOPIC_ID = bytes(range(16))
NOW_MS = 1_700_000_000_000


def batch(
    *values: bytes | None, timestamp: int = NOW_MS, codec: Codec = Codec.NONE, key: bytes | None = b"k"
) -> Batch:
    """One batch with these values, a millisecond apart, as a producer sends it."""
    builder = BatchBuilder(codec)
    for number, value in enumerate(values):
        builder.append(timestamp + number, key, value)
    return Batch(builder.build())


def sized_batch(size: int, timestamp: int = NOW_MS) -> Batch:
    """A batch of one record that takes exactly `size` bytes."""
    value = b"x" * (size - batch(b"", timestamp=timestamp).size_in_bytes)
    while (excess := batch(value, timestamp=timestamp).size_in_bytes - size) > 0:
        value = value[:-excess]
    made = batch(value, timestamp=timestamp)
    assert made.size_in_bytes == size
    return made


def new_log(config: LogConfig | None = None, disk: Disk | None = None) -> Log:
    """An empty log of t-0 on a disk in memory."""
    return Log.create((disk or Disk()).directory("/data/t-0"), config or LogConfig(), TOPIC_ID, NOW_MS)


def values(records: Buffer) -> list[bytes | None]:
    """The values of all records."""
    return [
        None if record.value is None else bytes(record.value)
        for each in batches(records)
        for record in read_records(each)
    ]


def read_all(log: Log, offset: int | None = None, max_bytes: int = 1 << 20) -> list[Batch]:
    """Every batch from `offset` on, read as a consumer does."""
    offset = log.log_start_offset if offset is None else offset
    found: list[Batch] = []
    while offset < log.log_end_offset:
        read = log.read(offset, max_bytes, log.log_end_offset)
        records = read.load() if read.cold else read.records
        assert len(records) > 0, f"nothing at offset {offset} of {log}"
        found += batches(records)
        offset = found[-1].next_offset
    return found
