"""The transaction coordinators of this broker: one `TransactionShard` for each partition of `__transaction_state`."""

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.coordinators import Coordinators, InternalTopic
from ottla.broker.partition import Partition
from ottla.broker.partitions import Partitions
from ottla.broker.transaction_markers import Markers
from ottla.broker.transaction_shard import TransactionShard
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.features import TRANSACTION_VERSION, level_of
from ottla.cluster.delta import Delta
from ottla.core.clock import Clock
from ottla.net.tasks import Tasks
from ottla.transactions.config import TransactionConfig

STATE_TOPIC = "__transaction_state"


class TransactionCoordinators(Coordinators[TransactionShard]):
    """All transactional ids that this broker coordinates."""

    topic = STATE_TOPIC

    def __init__(
        self,
        cluster: Cluster,
        config: BrokerConfig,
        partitions: Partitions,
        clock: Clock,
        tasks: Tasks,
        markers: Markers,
    ) -> None:
        super().__init__(cluster, config, partitions, clock, tasks)
        self._markers = markers
        self._transaction_config = transaction_config(config)

    @property
    def transaction_version(self) -> int:
        """The finalized level of `transaction.version`."""
        return level_of(self._cluster.image, TRANSACTION_VERSION)

    def _wanted_topic(self) -> InternalTopic:
        segment_bytes = self._config.integer("transaction.state.log.segment.bytes")
        min_in_sync_replicas = self._config.integer("transaction.state.log.min.isr")
        return InternalTopic(
            self._config.integer("transaction.state.log.num.partitions"),
            self._config.integer("transaction.state.log.replication.factor"),
            {"segment.bytes": str(segment_bytes), "min.insync.replicas": str(min_in_sync_replicas)},
        )

    def _shard(self, partition: Partition) -> TransactionShard:
        from ottla.transactions.coordinator import TransactionCoordinator  # not at start

        machine = TransactionCoordinator(self._transaction_config, self.transaction_version)
        return TransactionShard(
            partition, machine, self._clock, self._markers, self._tasks, durable=self._durable
        )

    def _loaded(self, shard: TransactionShard) -> None:
        shard.machine.set_transaction_version(self.transaction_version)

    def apply(self, delta: Delta) -> None:
        """Follow the cluster: its transaction version, and the internal topic's end."""
        super().apply(delta)
        for shard in self._done():
            shard.machine.set_transaction_version(level_of(delta.after, TRANSACTION_VERSION))
            shard.machine.set_coordinator_epoch(shard.partition.leader_epoch)


def transaction_config(config: BrokerConfig) -> TransactionConfig:
    """What the machines need of the broker's configs."""
    return TransactionConfig(
        transaction_max_timeout_ms=config.integer("transaction.max.timeout.ms"),
        transactional_id_expiration_ms=config.integer("transactional.id.expiration.ms"),
        transaction_remove_expired_transaction_cleanup_interval_ms=config.integer(
            "transaction.remove.expired.transaction.cleanup.interval.ms"
        ),
    )
