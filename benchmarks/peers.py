"""Who is compared, and with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.apache import ApacheBroker
from tests.support.ottla import OttlaBroker
from tests.support.process import BrokerProcess, free_port

APACHE, PAGE_CACHE, DURABLE = "apache", "page-cache", "durable"


@dataclass(frozen=True, slots=True)
class Peer:
    """A column of the table."""

    key: str
    title: str
    kind: type[BrokerProcess]
    settings: Mapping[str, str]
    fsync_settings: Mapping[str, str]
    """What makes it sync before every acknowledgement."""

    @property
    def is_ottla(self) -> bool:
        return self.kind is OttlaBroker

    def broker(self, directory: Path, *, fsync: bool = False) -> BrokerProcess:
        """A broker that is not started yet, in a directory of its own."""
        settings = dict(self.settings) | (dict(self.fsync_settings) if fsync else {})
        if self.is_ottla:
            settings["metrics.listen"] = f"127.0.0.1:{free_port()}"
        return self.kind(directory, settings)


PEERS = (
    Peer(APACHE, "Apache Kafka 4.2", ApacheBroker, {}, {"log.flush.interval.messages": "1"}),
    # Acknowledges from the page cache, as Apache Kafka does by default: the like-for-like comparison.
    Peer(PAGE_CACHE, "Ottla, page cache", OttlaBroker, {"log.flush.acks": "none"}, {"log.flush.acks": "all"}),
    # Ottla's own default: every acks=all is on the disk before it is acknowledged.
    Peer(DURABLE, "Ottla, fsync (default)", OttlaBroker, {}, {}),
)
