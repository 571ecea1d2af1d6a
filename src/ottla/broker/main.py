"""The composition root: every room of the broker is made here and handed what it needs. Nobody else knows them all."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self

from ottla.broker.addresses import registration
from ottla.broker.appending import Appending
from ottla.broker.cleaner import Cleaner
from ottla.broker.cleaner_metrics import CleanerMetrics
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.dispatch import Dispatcher
from ottla.broker.flusher import Flusher
from ottla.broker.gauges import register_gauges
from ottla.broker.group_coordinators import GroupCoordinators
from ottla.broker.housekeeping import Housekeeping
from ottla.broker.listening import open_listeners
from ottla.broker.log_dirs import LogDirs
from ottla.broker.partitions import Partitions
from ottla.broker.record_deletion import RecordDeletion
from ottla.broker.routes import Services, routes
from ottla.broker.sessions import FetchSessions
from ottla.broker.storage import open_storage
from ottla.broker.topic_configs import TopicConfigs
from ottla.broker.traffic import Traffic
from ottla.broker.transaction_coordinators import TransactionCoordinators
from ottla.broker.transaction_gate import CoordinatorsGate
from ottla.broker.transaction_markers import Markers
from ottla.cluster.cluster import Cluster
from ottla.cluster.delta import Delta
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType
from ottla.cluster.membership import register
from ottla.core.clock import Clock, SystemClock
from ottla.core.limits import SWITCH_INTERVAL_SECONDS
from ottla.core.metrics import Registry
from ottla.net.lag import lag_histogram, sample_lag
from ottla.net.peer import Address
from ottla.net.tasks import Tasks


class Broker:
    """A running broker. `await Broker.start(config)`, later `await broker.stop()`."""

    def __init__(self, config: BrokerConfig, clock: Clock) -> None:
        self.config = config
        self.metrics = Registry()
        self.listeners: dict[str, list[Address]] = {}
        """Where it listens, by listener name; the ports are the real ones."""
        self.metrics_address: Address | None = None
        self._clock = clock
        self._closing = AsyncExitStack()

    @classmethod
    async def start(cls, config: BrokerConfig, clock: Clock | None = None) -> Self:
        """Open what is on disk and listen. Raises DataDirectoryError, StoreError, OSError; then nothing is open."""
        broker = cls(config, clock or SystemClock())
        try:
            await broker._start()
        except BaseException:
            await broker.stop()
            raise
        return broker

    async def stop(self) -> None:
        """Stop accepting, finish what runs, sync, and leave a mark that all is well."""
        await self._closing.aclose()

    async def _start(self) -> None:
        """Bottom up; `_closing` undoes it top down."""
        config, clock, closing = self.config, self._clock, self._closing
        directories, cluster = await open_storage(config.log_directories, config.node_id, closing)
        self._use_dynamic_configs(cluster.image)
        tasks = Tasks("broker")
        log_dirs = LogDirs(directories, clock, tasks)
        flusher = Flusher()
        closing.push_async_callback(flusher.close)
        closing.push_async_callback(tasks.close)
        log_dirs.put_strays_aside(cluster.image)
        services = self._services(cluster, log_dirs, flusher, tasks)
        register_gauges(self.metrics, services.partitions, services.sessions)
        tasks.start(sample_lag(lag_histogram(self.metrics), clock), "loop lag")
        await cluster.change(lambda image: register(image, registration(config)))
        await self._serve(services, tasks)

    def _services(self, cluster: Cluster, log_dirs: LogDirs, flusher: Flusher, tasks: Tasks) -> Services:
        """Everything that handlers are made of, following the cluster from here on."""
        config, clock = self.config, self._clock
        durable = config.text("log.flush.acks") == "all"
        traffic = Traffic(self.metrics)
        topic_configs = TopicConfigs(config, cluster)
        partitions = Partitions(cluster.image, log_dirs, topic_configs, flusher)
        housekeeping = Housekeeping(config, topic_configs, partitions, log_dirs, clock, tasks)
        groups = GroupCoordinators(cluster, config, partitions, clock, tasks)
        markers = Markers(partitions, groups, clock, durable=durable)
        transactions = TransactionCoordinators(cluster, config, partitions, clock, tasks, markers)
        gate = CoordinatorsGate(transactions, config, clock)
        rooms = (partitions, groups, transactions, traffic)
        for follower in (self._follow_configs, *(room.apply for room in rooms)):
            cluster.subscribe(follower)
        if config.boolean("log.cleaner.enable"):
            metrics = CleanerMetrics(self.metrics, clock)
            cleaner = Cleaner(config, topic_configs, partitions, log_dirs, housekeeping, clock, metrics)
            cluster.subscribe(cleaner.apply)
            tasks.start(cleaner.run(), "log cleaner")
        return Services(
            config=config,
            cluster=cluster,
            partitions=partitions,
            log_dirs=log_dirs,
            record_deletion=RecordDeletion(partitions, housekeeping),
            appending=Appending(clock, traffic, sync_acks_all=durable, gate=gate),
            sessions=FetchSessions(config.integer("max.incremental.fetch.session.cache.slots")),
            groups=groups,
            transactions=transactions,
            markers=markers,
            gate=gate,
            traffic=traffic,
            clock=clock,
        )

    async def _serve(self, services: Services, tasks: Tasks) -> None:
        """Load what the coordinators know, and open the doors without waiting for it."""
        groups, transactions, closing = services.groups, services.transactions, self._closing
        loading = [
            tasks.start(groups.load_all(), "load groups"),
            tasks.start(transactions.load_all(), "load transactions"),
        ]
        await self._listen(Dispatcher(routes(services), services.traffic, self._clock))
        await self._expose(
            lambda: "" if all(each.done() for each in loading) else "coordinators are being loaded"
        )
        closing.callback(services.partitions.retire)
        closing.callback(transactions.close)
        closing.callback(groups.close)

    def _use_dynamic_configs(self, image: ClusterImage) -> None:
        """Configs that were altered while running live in the cluster's metadata."""
        self.config.set_dynamic(image.broker_configs(None), image.broker_configs(self.config.node_id))

    def _follow_configs(self, delta: Delta) -> None:
        """Before the others: topics fall back to the broker's configs."""
        if any(kind is ResourceType.BROKER for kind, _ in delta.configs):
            self._use_dynamic_configs(delta.after)

    async def _listen(self, dispatcher: Dispatcher) -> None:
        """Open the listeners."""
        servers = await open_listeners(self.config, dispatcher.respond, self.metrics, self._closing)
        self.listeners = {server.listener: server.addresses for server in servers}

    async def _expose(self, why_not_ready: Callable[[], str]) -> None:
        """Open the HTTP port for metrics and health, where one is configured."""
        address = self.config.value("metrics.listen")
        if not isinstance(address, str) or not address:
            return
        from ottla.broker.http_endpoint import HttpEndpoint  # only when asked for: it takes time to import

        endpoint = HttpEndpoint(self.metrics, why_not_ready, self._clock)
        self._closing.push_async_callback(endpoint.close)
        host, _, port = address.rpartition(":")
        self.metrics_address = await endpoint.start(host.strip("[]"), int(port))


def run(config: BrokerConfig, ready: Callable[[Broker], None]) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. `ready` is called once the broker serves.

    Raises what `Broker.start` does.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    return _runner()(_serve(config, ready))


async def _serve(config: BrokerConfig, ready: Callable[[Broker], None]) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    broker = await Broker.start(config)
    try:
        ready(broker)
        await stopped.wait()
    finally:
        await broker.stop()
    return 0


def _runner() -> Callable[[Coroutine[Any, Any, int]], int]:
    """uvloop where it is installed, asyncio's own loop elsewhere."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run
