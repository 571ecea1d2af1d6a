"""The admin: questions to a cluster and changes to it, many at once, each thing with its own result."""

from ottla.client.admin.admin import Admin
from ottla.client.admin.brokers import (
    ClusterDescription,
    DescribedBroker,
    FeatureDescription,
    FeatureUpdate,
    UpgradeType,
)
from ottla.client.admin.configs import (
    ConfigChange,
    ConfigEntry,
    ConfigOperation,
    ConfigResource,
    ConfigSource,
    ResourceType,
)
from ottla.client.admin.group_descriptions import GroupDescription, GroupMember, ListedGroup
from ottla.client.admin.log_dirs import LogDir, ReplicaSize
from ottla.client.admin.offsets import ListedOffset, OffsetSpec
from ottla.client.admin.producers import ProducerState
from ottla.client.admin.results import Results
from ottla.client.admin.topics import CreatedTopic, NewTopic
from ottla.client.admin.transactions import (
    FencedProducer,
    HangingTransaction,
    ListedTransaction,
    TransactionDescription,
)

__all__ = [
    "Admin",
    "ClusterDescription",
    "ConfigChange",
    "ConfigEntry",
    "ConfigOperation",
    "ConfigResource",
    "ConfigSource",
    "CreatedTopic",
    "DescribedBroker",
    "FeatureDescription",
    "FeatureUpdate",
    "FencedProducer",
    "GroupDescription",
    "GroupMember",
    "HangingTransaction",
    "ListedGroup",
    "ListedOffset",
    "ListedTransaction",
    "LogDir",
    "NewTopic",
    "OffsetSpec",
    "ProducerState",
    "ReplicaSize",
    "ResourceType",
    "Results",
    "TransactionDescription",
    "UpgradeType",
]
