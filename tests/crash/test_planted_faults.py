"""The crash test fails when it should: a loss, an alteration and an exchange planted in the files are all seen."""

import struct
import time
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import pytest

from tests.conftest import NewBroker
from tests.crash.run import TOPIC, Run
from tests.support.batches import CRC_START

pytestmark = [pytest.mark.crash, pytest.mark.filterwarnings("ignore")]

PARTITION = 2
"""Only one producer writes there."""
LOAD_SECONDS = 0.5


def batches_of(log: bytes) -> list[bytearray]:
    """The batches of a segment."""
    found = []
    position = 0
    while position < len(log):
        (length,) = struct.unpack_from(">i", log, position + 8)
        found.append(bytearray(log[position : position + 12 + length]))
        position += 12 + length
    return found


def lose_the_last_batch(folder: Path) -> None:
    segment = max(folder.glob("*.log"))
    content = segment.read_bytes()
    segment.write_bytes(content[: -len(batches_of(content)[-1])])


def alter_a_byte(folder: Path) -> None:
    """The checksum is made right again: only the checker can see it."""
    segment = min(folder.glob("*.log"))
    first, *others = batches_of(segment.read_bytes())
    # The last byte of a record counts its headers; the one before ends its value.
    first[-2] ^= 1
    struct.pack_into(">I", first, 17, google_crc32c.value(bytes(first[CRC_START:])))
    segment.write_bytes(b"".join([first, *others]))


def exchange_two_batches(folder: Path) -> None:
    segment = min(folder.glob("*.log"))
    first, second, *others = batches_of(segment.read_bytes())
    (count_of_second,) = struct.unpack_from(">i", second, 57)
    struct.pack_into(">q", second, 0, 0)
    struct.pack_into(">q", first, 0, count_of_second)
    segment.write_bytes(b"".join([second, first, *others]))


@pytest.mark.parametrize(("plant", "names"), [
    (lose_the_last_batch, {"lost"}),
    (alter_a_byte, {"altered", "invented"}),
    (exchange_two_batches, {"reordered"}),
])  # fmt: skip
def test_a_fault_in_the_files_is_found(
    new_broker: NewBroker, seed: int, plant: Callable[[Path], None], names: set[str]
) -> None:
    broker = new_broker()
    run = Run(broker, seed)
    run.begin()
    time.sleep(LOAD_SECONDS)
    run.finish()
    assert run.findings() == []
    broker.stop()
    plant(broker.data / f"{TOPIC}-{PARTITION}")
    broker.start()
    found = {finding.split()[0] for finding in run.findings()}
    assert found & names, found
