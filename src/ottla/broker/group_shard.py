"""The group coordinator of one partition of `__consumer_offsets`: what a shard of groups adds to a shard."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from ottla.broker.call import Call
from ottla.broker.group_replay import offsets_of_lost_topics, replay
from ottla.broker.shard import Reply, Shard
from ottla.broker.transaction_markers import EndOfTransaction, append_marker
from ottla.core.errors import KafkaError
from ottla.core.ids import random_uuid
from ottla.core.limits import GROUP_RECORDS_PER_BATCH
from ottla.groups.caller import Caller
from ottla.groups.decision import GroupDecision
from ottla.groups.records.codec import NO_PRODUCER, GroupRecord, encode
from ottla.groups.topics import Topics
from ottla.log.log import Appended
from ottla.records.batch import Batch
from ottla.records.builder import BatchBuilder

if TYPE_CHECKING:  # most of the groups floor: not at start
    from ottla.groups.coordinator import GroupCoordinator

Decide = Callable[["GroupCoordinator", Caller, int], GroupDecision]
"""What a request asks of the machine: the machine, who asks, and the time in milliseconds."""


class GroupShard(Shard["GroupCoordinator", GroupRecord]):
    """One partition's groups."""

    async def ask(self, decide: Decide, call: Call) -> Reply:
        """The machine's answer once it is committed."""
        fresh_id = str(UUID(bytes=random_uuid()))

        def asked(ticket: int, now_ms: int) -> GroupDecision:
            host = f"/{call.peer[0]}"
            return decide(
                self.machine, Caller(ticket, call.version, call.client_id or "", host, fresh_id), now_ms
            )

        return await self.answer(asked)

    def _encode(self, record: GroupRecord) -> tuple[bytes, bytes | None]:
        return encode(record)

    def _key_of(self, record: GroupRecord) -> str:
        """Every key names its group; the classic ones say `group`, the others `group_id`."""
        return str(getattr(record.key, "group", "") or getattr(record.key, "group_id", ""))

    def _forget_undecided(self, key: str, away: KafkaError) -> None:
        again = self.machine.forget_undecided(key, away, self._now_ms())
        self._answer(again.replies)

    def _builder(self, records: Sequence[GroupRecord]) -> BatchBuilder:
        """One decision's records are of one producer, or of none."""
        first = records[0]
        return BatchBuilder(
            producer_id=first.producer_id,
            producer_epoch=first.producer_epoch,
            is_transactional=first.producer_id != NO_PRODUCER,
        )

    # Transactions.

    def end_transaction(self, end: EndOfTransaction, now_ms: int) -> Appended:
        """Append the marker; the offsets that waited for it count from now on, or never did. Raises KafkaError."""
        appended = append_marker(self.partition, end, now_ms, durable=self._durable)
        self.machine.end_transaction(end.producer_id, committed=end.committed)
        return appended

    # Topics.

    def set_topics(self, topics: Topics) -> None:
        """From now on these exist. Groups notice with their members' next request; offsets of the others go."""
        self.machine.set_topics(topics)
        self._forget_lost_topics()

    def _forget_lost_topics(self) -> None:
        """A topic made anew under an old name must not begin where the old one was left."""
        records = list(offsets_of_lost_topics(self.machine))
        for first in range(0, len(records), GROUP_RECORDS_PER_BATCH):
            if not self._carry_out(GroupDecision(records=records[first : first + GROUP_RECORDS_PER_BATCH])):
                break  # the next change of topics, or restart, tries again

    # Replay.

    def _replay(self, batch: Batch) -> None:
        replay(self.machine, batch, str(self.partition))

    def _loaded(self) -> None:
        super()._loaded()
        self._forget_lost_topics()
