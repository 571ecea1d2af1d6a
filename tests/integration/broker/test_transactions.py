"""Transactions through a whole broker: topic, markers in partitions and groups, timeouts, features, restarts."""

import time
from collections.abc import Iterator

import pytest
from tests.support.ottla import OttlaBroker
from tests.support.transactional_client import GROUP, TransactionalClient

from ottla.core.errors import ErrorCode
from ottla.wire.messages.api_versions import ApiVersionsRequest
from ottla.wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from ottla.wire.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from ottla.wire.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from ottla.wire.messages.list_transactions import ListTransactionsRequest
from ottla.wire.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest

TOPIC_RESOURCE = 2
OLD, NEW = 11, 12
"""Versions of Produce: clients that add their partitions themselves, and those that leave it to the broker."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OttlaBroker]:
    settings = {"transaction.state.log.num.partitions": "3", "transaction.state.log.segment.bytes": "1048576"}
    with OttlaBroker(tmp_path_factory.mktemp("transactions"), settings) as broker:
        yield broker


@pytest.fixture
def client(served: OttlaBroker, topic: str) -> Iterator[TransactionalClient]:
    with TransactionalClient(served.port, topic) as client:
        assert client.connection.create_topic(topic, 2) == 0
        client.find(GROUP)
        yield client.begin()


def finalized(client: TransactionalClient) -> tuple[dict[str, int], int]:
    """Feature levels and their epoch."""
    reply = client.ask(ApiVersionsRequest(client_software_name="test", client_software_version="1"))
    levels = {each.name: each.max_version_level for each in reply.finalized_features}
    return levels, reply.finalized_features_epoch


def set_level(client: TransactionalClient, feature: str, level: int, upgrade_type: int) -> ErrorCode:
    row = FeatureUpdateKey(feature=feature, max_version_level=level, upgrade_type=upgrade_type)
    return ErrorCode(client.ask(UpdateFeaturesRequest(feature_updates=[row])).error_code)


def test_the_internal_topic_is_made_as_configured(client: TransactionalClient) -> None:
    assert client.connection.metadata(None).topics["__transaction_state"] == (0, 3)
    wanted = DescribeConfigsResource(
        resource_type=TOPIC_RESOURCE, resource_name="__transaction_state", configuration_keys=None
    )
    configs = client.ask(DescribeConfigsRequest(resources=[wanted])).results[0].configs
    values = {each.name: each.value for each in configs}
    assert values["cleanup.policy"] == "compact"
    assert values["segment.bytes"] == "1048576"
    assert values["min.insync.replicas"] == "2"


@pytest.mark.parametrize("committed", [True, False], ids=["commit", "abort"])
def test_readers_see_all_of_it_or_nothing(client: TransactionalClient, topic: str, committed: bool) -> None:
    assert client.produce(topic, 0, "a", "b") == 0
    assert client.produce(topic, 1, "c") == 0
    assert client.commit_offset(topic, topic, 7) == 0
    assert client.committed_values(topic, 0) == client.committed_values(topic, 1) == []
    assert client.group_offset(topic, topic) == (-1, ErrorCode.UNSTABLE_OFFSET_COMMIT)
    assert client.group_offset(topic, topic, require_stable=False) == (-1, 0)
    assert client.end(committed=committed) == 0
    client.settle()
    assert client.committed_values(topic, 0) == (["a", "b"] if committed else [])
    assert client.committed_values(topic, 1) == (["c"] if committed else [])
    assert client.group_offset(topic, topic) == (7 if committed else -1, 0)
    assert client.end_offsets(topic, 0) == (3, 3)


def test_the_next_transaction_may_begin_while_the_last_one_ends(
    client: TransactionalClient, topic: str
) -> None:
    """The partition waits for the end itself (KIP-890); nothing is refused."""
    for number in range(20):
        assert client.produce(topic, 0, str(number)) == 0
        assert client.end(committed=True) == 0
    client.settle()
    assert client.committed_values(topic, 0) == [str(number) for number in range(20)]


def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(
    served: OttlaBroker, topic: str
) -> None:
    with TransactionalClient(served.port, topic, timeout_ms=300) as client:
        assert client.connection.create_topic(topic, 1) == 0
        client.begin()
        assert client.produce(topic, 0, "late") == 0
        deadline = time.monotonic() + 30
        while client.state().transaction_state != "CompleteAbort":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert client.end_offsets(topic) == (2, 2)
        assert client.produce(topic, 0, "too late") == ErrorCode.INVALID_PRODUCER_EPOCH
        assert client.end(committed=True) == ErrorCode.INVALID_TXN_STATE, "as Apache Kafka's, it was aborted"
        assert client.committed_values(topic) == []


def test_a_group_that_was_not_added_cannot_commit(client: TransactionalClient, topic: str) -> None:
    assert client.commit_offset(topic, topic, 7, version=3) == ErrorCode.INVALID_TXN_STATE
    assert client.commit_offset(topic, topic, 7, version=4) == ErrorCode.TRANSACTION_ABORTABLE
    assert client.add_group(topic) == 0
    assert client.commit_offset(topic, topic, 7, version=3) == 0
    assert client.end(committed=True, version=4) == 0
    client.settle()
    assert client.group_offset(topic, topic) == (7, 0)


def test_a_deleted_topic_does_not_keep_a_transaction_from_its_end(
    client: TransactionalClient, topic: str
) -> None:
    assert client.produce(topic, 0, "gone") == 0
    assert client.connection.delete_topic(topic) == 0
    assert client.end(committed=True) == 0
    assert client.settle() == "CompleteCommit"


def test_features_survive_a_restart_and_their_epoch_rises(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        OttlaBroker(tmp_path_factory.mktemp("features")) as broker,
        TransactionalClient(broker.port) as client,
    ):
        levels, epoch = finalized(client)
        assert levels == {"metadata.version": 29, "group.version": 1, "transaction.version": 2}
        assert set_level(client, "transaction.version", 1, 1) == ErrorCode.INVALID_UPDATE_VERSION
        assert finalized(client) == (levels, epoch)
        assert set_level(client, "transaction.version", 1, 2) == 0
        assert set_level(client, "group.version", 0, 3) == 0
        broker.kill()
        broker.start()
        lower, later = finalized(client.reconnect())
        assert lower == {"metadata.version": 29, "transaction.version": 1}
        assert later > epoch
        assert _asks_of_consumer_groups(client) == {ErrorCode.UNSUPPORTED_VERSION}
        client.connection.create_topic("a", 1)
        client.begin()
        assert (client.add("a", 0), client.produce("a", 0, "x", version=OLD)) == (0, 0)
        assert client.end(committed=True, version=4) == 0
        assert client.settle() == "CompleteCommit"
        assert (client.committed_values("a"), client.state().producer_epoch) == (["x"], 0)


def _asks_of_consumer_groups(client: TransactionalClient) -> set[ErrorCode]:
    beat = ConsumerGroupHeartbeatRequest(group_id="g", member_id="m", rebalance_timeout_ms=1000)
    described = client.ask(ConsumerGroupDescribeRequest(group_ids=["g"])).groups[0]
    return {ErrorCode(client.ask(beat).error_code), ErrorCode(described.error_code)}


def test_an_open_transaction_goes_on_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        OttlaBroker(tmp_path_factory.mktemp("restart")) as broker,
        TransactionalClient(broker.port) as client,
    ):
        assert client.connection.create_topic("a", 1) == 0
        client.find(GROUP)
        client.begin()
        assert client.produce("a", 0, "before") == 0
        assert client.commit_offset("g", "a", 1) == 0
        broker.restart()
        client.reconnect().settle()
        assert client.end_offsets("a") == (0, 1)
        assert client.produce("a", 0, "after") == 0
        assert client.commit_offset("g", "a", 2) == 0
        assert client.end(committed=True) == 0
        client.settle()
        assert client.committed_values("a") == ["before", "after"]
        assert client.group_offset("g", "a") == (2, 0)
        listed = client.ask(ListTransactionsRequest()).transaction_states
        assert [(each.transactional_id, each.transaction_state) for each in listed] == [
            ("t", "CompleteCommit")
        ]


def test_verification_can_be_switched_off(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"transaction.partition.verification.enable": "false"}
    with (
        OttlaBroker(tmp_path_factory.mktemp("trusting"), settings) as broker,
        TransactionalClient(broker.port) as client,
    ):
        assert client.connection.create_topic("a", 1) == 0
        client.begin()
        assert client.produce("a", 0, "unverified", version=OLD) == 0
        assert client.state().transaction_state == "Empty"


def test_transactions_do_not_begin_before_the_coordinators_topic(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with OttlaBroker(tmp_path_factory.mktemp("bare")) as broker, TransactionalClient(broker.port) as client:
        assert client.connection.create_topic("a", 1) == 0
        assert client.init() == ErrorCode.COORDINATOR_NOT_AVAILABLE
        client.producer_id, client.epoch = 1, 0
        for version in (OLD, NEW):
            assert client.produce("a", 0, "x", version=version) == ErrorCode.NOT_ENOUGH_REPLICAS
        assert client.commit_offset("g", "a", 1) == ErrorCode.COORDINATOR_NOT_AVAILABLE
        assert client.end(committed=True) == ErrorCode.COORDINATOR_NOT_AVAILABLE
        assert client.ask(ListTransactionsRequest()).transaction_states == []
