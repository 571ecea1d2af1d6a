"""One record's way in: encoded, and put into a batch or, while its topic is not known yet, parked."""

from collections.abc import Callable
from typing import Any, TypeVar

from ottla.client.producing.appender import Appender
from ottla.client.producing.delivery import Delivery
from ottla.client.producing.destinations import AnyTopic, Destination, Destinations
from ottla.client.producing.failures import no_integers, unplaceable
from ottla.client.producing.record_encoding import GivenHeaders, Headers
from ottla.client.transactions.machine import TransactionMachine
from ottla.core.clock import Clock

D = TypeVar("D")

Take = Callable[[AnyTopic, Any, Any, GivenHeaders | None, int | None, int | None], D]
"""Topic, value, key, headers, partition, timestamp: how a record gets on its way, and its delivery."""


class Intake:
    """What `send_nowait` does, and what it does with a record that was encoded elsewhere."""

    def __init__(
        self,
        destinations: Destinations,
        appender: Appender,
        clock: Clock,
        transaction: TransactionMachine | None,
        check_open: Callable[[], None],
    ) -> None:
        self._destinations = destinations
        self._appender = appender
        self._clock = clock
        self._transaction = transaction
        self._check_open = check_open

    def take(
        self,
        topic: AnyTopic,
        value: Any,  # noqa: ANN401 - the user's
        key: Any,  # noqa: ANN401
        headers: GivenHeaders | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> Delivery:
        """Raises as `Producer.send_nowait`."""
        # The hot path: a record of bytes goes straight into its batch.
        if self._transaction is not None:
            self._transaction.check_may_add()
        destination = self._destinations[topic]
        if timestamp_ms is None:
            timestamp_ms = self._clock.now_ms()
        if destination.is_plain and not headers and destination.queues is not None:
            try:
                return self._appender.append(destination.queues, key, value, (), partition, timestamp_ms)
            except TypeError:
                pass  # not bytes: another buffer, or what is said below
        encoded = destination.encoding.encode(key, value, headers)
        return self._place(destination, *encoded, partition, timestamp_ms)

    def take_encoded(
        self,
        topic: AnyTopic,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None,
        timestamp_ms: int,
    ) -> Delivery:
        """Raises as `Producer.send_nowait`."""
        if self._transaction is not None:
            self._transaction.check_may_add()
        return self._place(self._destinations[topic], key, value, headers, partition, timestamp_ms)

    def refused(self, error: Exception) -> None:
        """A record that its sender takes for sent is not: that spoils the transaction, as a batch that fails does."""
        self._destinations.parking.on_failed(unplaceable(error))

    def _place(
        self,
        destination: Destination,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None,
        timestamp_ms: int,
    ) -> Delivery:
        if destination.queues is not None:
            try:
                return self._appender.append(destination.queues, key, value, headers, partition, timestamp_ms)
            except TypeError as error:
                raise no_integers(partition, timestamp_ms) from error
        self._check_open()
        return self._destinations.park(destination, key, value, headers, partition, timestamp_ms)
