"""Three brokers of Apache Kafka, each a controller too: what one broker can never show, a leader that changes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from tests.support.apache import ApacheBroker
from tests.support.process import free_port

SIZE = 3
# One may die at any time and nothing is lost; who died is noticed soon, and leads again soon after its return.
CLUSTER = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "leader.imbalance.check.interval.seconds": "2",
    "leader.imbalance.per.broker.percentage": "0",
    "replica.lag.time.max.ms": "4000",
}


class ApacheCluster:
    """Brokers 1 to 3, with a port and a directory each."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        ports = [free_port() for _ in range(SIZE)]
        voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(ports, 1))
        self.brokers: list[ApacheBroker] = []
        for number, port in enumerate(ports, 1):
            broker = ApacheBroker(directory / f"broker-{number}", CLUSTER | dict(settings))
            broker.settings |= {
                "node.id": str(number),
                "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://{broker.bootstrap},CONTROLLER://127.0.0.1:{port}",
            }
            self.brokers.append(broker)

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers)

    def start(self) -> Self:
        """All of them at once: none is ready before a quorum is."""
        with ThreadPoolExecutor(SIZE) as threads:
            list(threads.map(ApacheBroker.start, self.brokers))
        return self

    def close(self) -> None:
        for broker in self.brokers:
            broker.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()
