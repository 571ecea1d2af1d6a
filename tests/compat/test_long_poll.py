"""A parked fetch wakes for every message: also for one appended while the one before it was being made durable."""

import pytest
from tests.compat.witness import one_record
from tests.support import batches
from tests.support.process import BrokerProcess
from tests.support.wire import (
    FETCH,
    PRODUCE,
    RawConnection,
    fetch_body,
    parse_fetched,
    parse_produced,
    produce_body,
)

pytestmark = pytest.mark.compat

# Far beyond the sockets' 30 s: a fetch that is not woken fails the test.
FOR_EVER_MS = 300_000


@pytest.mark.parametrize("acks", [1, -1])
def test_nobody_is_left_parked(broker: BrokerProcess, ready_topic: str, acks: int) -> None:
    body = produce_body(ready_topic, 0, one_record(), acks)
    with RawConnection(broker.port) as producer, RawConnection(broker.port) as consumer:
        offset = 0
        for _ in range(100):
            sent = [producer.send(PRODUCE, 8, body) for _ in range(3)]
            end = offset + len(sent)
            while offset < end:
                wanted = fetch_body(ready_topic, 0, offset, max_wait_ms=FOR_EVER_MS)
                fetched = parse_fetched(consumer.request(FETCH, 11, wanted))
                assert fetched.error == 0
                offset += sum(1 for _ in batches.decode(fetched.records))
            assert [parse_produced(producer.reply(number)).error for number in sent] == [0, 0, 0]


@pytest.mark.parametrize("wanted_records", [2, 5])
def test_woken_when_there_is_enough(broker: BrokerProcess, ready_topic: str, wanted_records: int) -> None:
    batch = one_record()
    wanted = fetch_body(ready_topic, 0, 0, max_wait_ms=FOR_EVER_MS, min_bytes=wanted_records * len(batch))
    with RawConnection(broker.port) as producer, RawConnection(broker.port) as consumer:
        parked = consumer.send(FETCH, 11, wanted)
        for _ in range(wanted_records):
            assert producer.produce(ready_topic, 0, batch).error == 0
        fetched = parse_fetched(consumer.reply(parked))
        assert len(list(batches.decode(fetched.records))) == wanted_records


def test_woken_by_deletion(broker: BrokerProcess, connection: RawConnection, ready_topic: str) -> None:
    """The parked fetch is answered with an error (or, in Apache Kafka, empty) once its topic is gone."""
    with RawConnection(broker.port) as consumer:
        parked = consumer.send(FETCH, 11, fetch_body(ready_topic, 0, 0, max_wait_ms=FOR_EVER_MS))
        assert connection.delete_topic(ready_topic) == 0
        assert parse_fetched(consumer.reply(parked)).records == b""
