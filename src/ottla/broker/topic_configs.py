"""Each topic's configs in effect: its own over the broker's, worked out once for all topics that are alike."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.topic_config import effective, topic_log_config
from ottla.cluster.cluster import Cluster
from ottla.log.config import NEVER, LogConfig


class TopicConfigs:
    """Reads the cluster's present image; `forget` when the broker's own configs changed."""

    def __init__(self, config: BrokerConfig, cluster: Cluster) -> None:
        self._config = config
        self._cluster = cluster
        self._worked_out: dict[frozenset[tuple[str, str]], tuple[LogConfig, int]] = {}

    def log_config(self, topic: str) -> LogConfig:
        """What the topic's logs obey."""
        return self._of(topic)[0]

    def min_in_sync_replicas(self, topic: str) -> int:
        """How many replicas must be in sync for acks=all."""
        return self._of(topic)[1]

    def any_synced_by_time(self) -> bool:
        """Whether some topic in use has `flush.ms` set."""
        return any(config.flush_ms != NEVER for config, _ in self._worked_out.values())

    def forget(self) -> None:
        self._worked_out.clear()

    def _of(self, topic: str) -> tuple[LogConfig, int]:
        overrides = self._cluster.image.topic_configs(topic)
        key = frozenset(overrides.items())
        known = self._worked_out.get(key)
        if known is None:
            least, _ = effective(self._config, overrides, "min.insync.replicas")
            assert isinstance(least, int)
            known = self._worked_out[key] = topic_log_config(self._config, overrides), least
        return known
