"""When a broker that is starting acknowledges its first message, seen by an impatient client."""

import time

from tests.support import batches
from tests.support.process import BrokerProcess
from tests.support.wire import RawConnection

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.002


def seconds_to_first_ack(broker: BrokerProcess, topic: str, since: float) -> float:
    """From `since` (perf_counter) until a message with acks=all is acknowledged; creates the topic if need be."""
    deadline = since + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        if not broker.running:
            raise RuntimeError(f"{broker.kind} ended at start:\n{broker.log_tail()}")
        try:
            with RawConnection(broker.port, timeout=30) as connection:
                if _acknowledged(connection, topic, deadline):
                    return time.perf_counter() - since
        except (OSError, EOFError):
            time.sleep(PAUSE_SECONDS)
    raise RuntimeError(
        f"{broker.kind} acknowledged nothing in {PATIENCE_SECONDS:.0f} s:\n{broker.log_tail()}"
    )


def _acknowledged(connection: RawConnection, topic: str, deadline: float) -> bool:
    while time.perf_counter() < deadline:
        if connection.metadata([topic]).topics[topic][0] == 0:
            batch = batches.build([batches.Record(None, b"first")], now_ms=int(time.time() * 1000))
            if connection.produce(topic, 0, batch).error == 0:
                return True
        time.sleep(PAUSE_SECONDS)
    return False
