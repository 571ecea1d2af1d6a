"""The part of a producer that is about transactions: `transaction` is the usual way, the others are its steps."""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.group_metadata import GroupMetadata, OffsetAndMetadata
from ottla.client.producing.accumulator import Accumulator
from ottla.client.producing.destinations import Destinations
from ottla.client.transactions.transaction import TransactedConsumer, Transaction
from ottla.client.transactions.transactor import Transactor
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import CLOSING_ABORT_SECONDS

if TYPE_CHECKING:
    from ottla.client.producing.producer import Producer

_log = logging.getLogger("ottla.client")


class TransactionCalls:
    """Of every producer; without a `transactional_id` they say so."""

    _accumulator: Accumulator
    _is_started: bool
    _transactor: Transactor | None
    _destinations: Destinations

    def transaction(self, consumer: TransactedConsumer | None = None) -> Transaction:
        """`async with producer.transaction(consumer) as tx:` commits at the end what the block sent.

        With a consumer, the positions that it has reached are part of the transaction, under the fencing of its
        group (KIP-447). An exception, or a cancellation, in the block aborts.
        """
        self._transactions()
        return Transaction(cast("Producer", self), consumer)

    async def init_transactions(self) -> None:
        """Take over the `transactional_id`; `start` has done so already."""
        await self._transactions().init()

    async def begin_transaction(self) -> None:
        """From now on everything that is sent is part of one transaction."""
        self._check_open()
        await self._transactions().begin()

    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group_metadata: GroupMetadata
    ) -> None:
        """The group's offsets become these if the transaction is committed."""
        await self._transactions().send_offsets(offsets, group_metadata)

    async def commit_transaction(self) -> None:
        """Deliver what was sent, and make all of it visible at once.

        Raises AbortableError when it has to be aborted, FatalError when the producer cannot go on, and
        RequestTimedOutError when the outcome is not known: then call it again.
        """
        await self._destinations.placed()
        await self._transactions().commit()

    async def abort_transaction(self) -> None:
        """Give up what was sent: none of it becomes visible."""
        if self.may_abort:
            problem = KafkaError(ErrorCode.TRANSACTION_ABORTABLE, "the transaction is aborted")
            self._destinations.drop_parked(problem)
        await self._transactions().abort()

    @property
    def may_abort(self) -> bool:
        """Whether there is a transaction that can be aborted."""
        return self._transactions().may_abort

    def _transactions(self) -> Transactor:
        if self._transactor is None:
            problem = "this producer has no transactions; give it a transactional_id"
            raise KafkaError(ErrorCode.INVALID_REQUEST, problem)
        return self._transactor

    async def _leave_transaction(self) -> None:
        """Abort what is open, before the producer is closed."""
        if self._transactor is None or not self._transactor.may_abort:
            return
        try:
            await asyncio.wait_for(self.abort_transaction(), CLOSING_ABORT_SECONDS)
        except (KafkaError, TimeoutError) as error:
            _log.warning("the open transaction was not aborted: %s", error)

    def _check_open(self) -> None:
        if self._accumulator.closed is not None:
            raise self._accumulator.closed
        if not self._is_started:
            problem = "the producer is not started; use `async with`, or `await start()`"
            raise KafkaError(ErrorCode.INVALID_REQUEST, problem)
