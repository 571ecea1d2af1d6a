"""Asks for the producer id of a producer without transactions, when it is first needed (KIP-98)."""

import asyncio
from collections.abc import Callable

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.idempotence import ProducerIdentity
from ottla.core.errors import ErrorCode, KafkaError, UnsupportedVersionError, error_of
from ottla.net.tasks import Tasks
from ottla.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

MAX_INIT_PRODUCER_ID_VERSION = 5
"""Later ones prepare two-phase commit (KIP-939) and are not stable."""

_NO_TIMEOUT_MS = 2**31 - 1


class Identifying:
    """One question at a time, repeated while the answer may get better. What cannot be had closes the producer."""

    def __init__(
        self, cluster: Cluster, accumulator: Accumulator, tasks: Tasks, identified: Callable[[], None]
    ) -> None:
        self._cluster = cluster
        self._accumulator = accumulator
        self._tasks = tasks
        self._identified = identified
        self._running: asyncio.Task[None] | None = None
        self.problem = ""

    def start(self) -> None:
        """Ask, unless that is under way."""
        if self._running is None or self._running.done():
            self._running = self._tasks.start(self._identify(), "producer id")

    async def _identify(self) -> None:
        attempts = 0
        while True:
            try:
                self._accumulator.identify(await self._ask())
            except KafkaError as error:
                self.problem = str(error)
                if not error.retriable and error.code != ErrorCode.BROKER_NOT_AVAILABLE:
                    self._accumulator.close(_explained(error))
                    return
            else:
                self.problem = ""
                self._identified()
                return
            attempts += 1
            await asyncio.sleep(backoff_seconds(self._cluster.settings, attempts))

    async def _ask(self) -> ProducerIdentity:
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=_NO_TIMEOUT_MS)
        response = await self._cluster.ask_any(request, InitProducerIdResponse, MAX_INIT_PRODUCER_ID_VERSION)
        if response.error_code != ErrorCode.NONE:
            raise error_of(response.error_code, api="InitProducerId")
        return ProducerIdentity(response.producer_id, response.producer_epoch)


def _explained(error: KafkaError) -> KafkaError:
    advice = "enable_idempotence=False does without a producer id"
    if isinstance(error, UnsupportedVersionError) or error.code == ErrorCode.CLUSTER_AUTHORIZATION_FAILED:
        return KafkaError(error.code, error.message, broker=error.broker, api="InitProducerId", advice=advice)
    return error
