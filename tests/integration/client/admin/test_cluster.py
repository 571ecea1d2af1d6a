"""The cluster, its disks and its features."""

from tests.integration.client.admin.steps import Steps
from tests.support.process import BrokerProcess

from ottla.client import Admin, TopicPartition
from ottla.client.admin import FeatureUpdate
from ottla.core.errors import ErrorCode


async def test_who_is_there(admin: Admin, broker: BrokerProcess) -> None:
    cluster = await admin.describe_cluster(fenced=True)
    [described] = cluster.brokers
    assert str(described.address) == broker.bootstrap
    assert not described.is_fenced
    assert cluster.cluster_id
    assert cluster.controller_id == described.node_id


async def test_what_lies_where(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic)
    partition = TopicPartition(topic, 0)
    await steps.produce(partition, b"x" * 1000)
    [described] = (await admin.describe_cluster()).brokers
    results = await admin.describe_log_dirs()
    [directory] = results.one(described.node_id)
    assert directory.error is None
    assert directory.replicas[partition].size_bytes > 1000
    assert directory.total_bytes > directory.usable_bytes > 0
    nobody = await admin.describe_log_dirs([99])
    assert nobody.failed[99].code == ErrorCode.BROKER_ID_NOT_REGISTERED


async def test_features(admin: Admin) -> None:
    features = await admin.describe_features()
    assert features.finalized["metadata.version"] >= features.supported["metadata.version"][0]
    assert features.finalized_epoch >= 0
    results = await admin.update_features({"group.version": FeatureUpdate(99)}, validate_only=True)
    assert results.failed["group.version"].code == ErrorCode.INVALID_UPDATE_VERSION
