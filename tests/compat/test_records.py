"""What one client writes, in every codec, all the others read: the same bytes, order, headers and times."""

import time
from collections.abc import Sequence

import pytest
from tests.compat.clients import kcat
from tests.compat.clients.aio import Aiokafka
from tests.compat.clients.base import CODECS, SAMPLES, Client
from tests.compat.clients.confluent import Confluent
from tests.compat.clients.kafka_python import KafkaPython
from tests.support.batches import Record
from tests.support.process import BrokerProcess

pytestmark = [
    pytest.mark.compat,
    # Sockets that clients leave to the garbage collector are theirs to close.
    pytest.mark.filterwarnings("ignore"),
]

CLIENTS: tuple[Client, ...] = (Confluent(), KafkaPython(), Aiokafka()) + (
    () if kcat.missing() else (kcat.Kcat(),)
)
SPARE_MS = 5_000


def assert_same(expected: Sequence[Record], seen: Sequence[Record], since_ms: int) -> None:
    """Equal in order; a record without a timestamp got one of its client's now."""
    assert len(seen) == len(expected)
    for number, (wanted, got) in enumerate(zip(expected, seen, strict=True)):
        assert (got.offset, got.key, got.value) == (number, wanted.key, wanted.value)
        assert got.headers == wanted.headers
        if wanted.timestamp is None:
            assert got.timestamp is not None
            assert since_ms - SPARE_MS <= got.timestamp <= time.time() * 1000 + SPARE_MS
        else:
            assert got.timestamp == wanted.timestamp


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("writer", CLIENTS, ids=lambda client: client.name)
def test_all_read_what_one_writes(writer: Client, codec: str, broker: BrokerProcess, topic: str) -> None:
    since_ms = int(time.time() * 1000)
    samples = [record for record in SAMPLES if writer.can_write(record)]
    assert len(samples) > 5
    writer.write(broker.bootstrap, topic, samples, codec)
    for reader in CLIENTS:
        assert_same(samples, reader.read(broker.bootstrap, topic, len(samples)), since_ms)
