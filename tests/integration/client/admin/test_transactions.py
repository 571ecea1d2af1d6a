"""Transactions and the producers that a partition remembers."""

import pytest
from tests.integration.client.admin.steps import Steps

from ottla.client import Admin, TopicPartition
from ottla.client.admin import OffsetSpec
from ottla.core.errors import ErrorCode, FencedError, KafkaError, NotFoundError


async def test_an_open_transaction_is_shown_and_taken_over(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic)
    partition = TopicPartition(topic, 0)
    await steps.produce(partition, b"before")
    transaction = await steps.open_transaction(topic, partition)
    results = await admin.describe_transactions([topic, f"{topic}-none"])
    assert results.failed[f"{topic}-none"].code == ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
    described = results.one(topic)
    assert (described.state, described.partitions) == ("Ongoing", (partition,))
    assert described.producer_id == transaction.producer_id
    assert described.timeout_ms == 60_000

    listed = [each for each in await admin.list_transactions() if each.transactional_id == topic]
    assert [each.state for each in listed] == ["Ongoing"]
    # The broker is shared: ids of other tests that rest pass any filter by duration, as in Kafka.
    producer_ids = [transaction.producer_id]
    assert listed == await admin.list_transactions(
        states=["Ongoing"], producer_ids=producer_ids, running_longer_than_ms=0
    )
    assert await admin.list_transactions(producer_ids=producer_ids, running_longer_than_ms=3_600_000) == []

    [producer] = (await admin.describe_producers([partition])).one(partition)
    assert (producer.producer_id, producer.transaction_start_offset) == (transaction.producer_id, 1)

    fenced = (await admin.fence_producers([topic])).one(topic)
    assert fenced.producer_epoch > transaction.producer_epoch
    with pytest.raises(FencedError):
        await steps.produce(partition, b"too late", of=transaction)

    async def is_settled() -> bool:
        committed = await admin.list_offsets({partition: OffsetSpec.LATEST}, isolation_level="read_committed")
        return committed.one(partition).offset == 3

    await steps.eventually(is_settled)


async def test_a_transaction_is_aborted_where_it_begins(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic)
    partition = TopicPartition(topic, 0)
    await steps.produce(partition, b"before")
    transaction = await steps.open_transaction(topic, partition)
    with pytest.raises(NotFoundError, match=f"no open transaction begins at offset 0 of {partition}"):
        await admin.abort_transaction(partition, 0)
    aborted = await admin.abort_transaction(partition, 1)
    assert aborted.producer_id == transaction.producer_id
    [producer] = (await admin.describe_producers([partition])).one(partition)
    assert producer.transaction_start_offset is None


async def test_one_that_its_coordinator_knows_does_not_hang(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic, 2)
    known, hanging = TopicPartition(topic, 0), TopicPartition(topic, 1)
    transaction = await steps.open_transaction(topic, known)
    await steps.produce(known, b"more of it, long ago", of=transaction, sequence=1)
    assert await admin.find_hanging_transactions([known, hanging], silent_for_ms=60_000) == []


async def test_a_state_that_is_none(admin: Admin) -> None:
    with pytest.raises(KafkaError, match="knows no state Asleep"):
        await admin.list_transactions(states=["Asleep"])


async def test_producers_of_a_partition_that_is_not(admin: Admin, topic: str) -> None:
    partition = TopicPartition(f"{topic}-gone", 0)
    results = await admin.describe_producers([partition])
    assert results.failed[partition].code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
