"""The cluster itself: its brokers, and which features they have."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ottla.client.admin.calls import Calls, refused
from ottla.client.admin.results import Results
from ottla.client.admin.rounds import OF_CONTROLLER, settle
from ottla.client.brokers.address import Address
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.negotiation import VersionRange
from ottla.wire.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from ottla.wire.messages.update_features import (
    FeatureUpdateKey,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)


class DescribedBroker(NamedTuple):
    """One broker."""

    node_id: int
    address: Address
    rack: str | None
    is_fenced: bool
    """Registered, but not to be used: it is starting, or has not been heard of."""


@dataclass(frozen=True, slots=True)
class ClusterDescription:
    """Who is there."""

    cluster_id: str
    controller_id: int
    """-1 when there is none. With KRaft it is any broker, for brokers pass changes on."""
    brokers: tuple[DescribedBroker, ...]


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """Levels of features (KIP-584)."""

    finalized: Mapping[str, int]
    """What the whole cluster has; a feature that is not here has level 0."""
    finalized_epoch: int
    supported: Mapping[str, VersionRange]
    """What the broker that was asked could have."""


class UpgradeType(IntEnum):
    """Which way a feature may go; the numbers are Kafka's."""

    UPGRADE = 1
    SAFE_DOWNGRADE = 2
    UNSAFE_DOWNGRADE = 3


class FeatureUpdate(NamedTuple):
    """The level that a feature is to have; 0 to switch it off."""

    level: int
    type: UpgradeType = UpgradeType.UPGRADE


class BrokerCalls(Calls):
    """Of the Admin."""

    async def describe_cluster(self, *, fenced: bool = False) -> ClusterDescription:
        """Its id, controller and brokers; `fenced` ones too, if wanted (KIP-1073). Raises KafkaError."""

        def request(version: int) -> DescribeClusterRequest:
            return DescribeClusterRequest(include_fenced_brokers=fenced and version >= 2)

        async def attempt() -> ClusterDescription:
            response = await self._cluster.ask_any(request, DescribeClusterResponse)
            if response.error_code != ErrorCode.NONE:
                raise refused("cluster", response.error_code, response.error_message)
            return _described(response)

        return await self._cluster.retrying(attempt)

    async def describe_features(self) -> FeatureDescription:
        """What the cluster has and what it could have. Raises KafkaError."""

        async def attempt() -> FeatureDescription:
            await self._cluster.refresh(())
            versions = await self._cluster.versions(min(self._cluster.metadata.brokers))
            return FeatureDescription(versions.finalized, versions.finalized_epoch, versions.supported)

        return await self._cluster.retrying(attempt)

    async def update_features(
        self, updates: Mapping[str, FeatureUpdate], *, validate_only: bool = False
    ) -> Results[str, None]:
        """Raise or lower features of the whole cluster. Newer brokers do all of them or none (KIP-1022)."""

        async def attempt(left: list[str]) -> Mapping[str, KafkaError | None]:
            def request(version: int) -> UpdateFeaturesRequest:
                if validate_only and version < 1:
                    problem = "the broker is too old to only check; leave validate_only out"
                    raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, problem)
                return UpdateFeaturesRequest(
                    timeout_ms=self._timeout_ms,
                    feature_updates=[_update(name, updates[name], version) for name in left],
                    validate_only=validate_only,
                )

            response = await self._cluster.ask_controller(request, UpdateFeaturesResponse)
            return {name: _updated(name, response) for name in left}

        return await settle(self._cluster, updates, attempt, OF_CONTROLLER)


def _described(response: DescribeClusterResponse) -> ClusterDescription:
    brokers = (
        DescribedBroker(each.broker_id, Address(each.host, each.port), each.rack, each.is_fenced)
        for each in response.brokers
    )
    return ClusterDescription(response.cluster_id, response.controller_id, tuple(sorted(brokers)))


def _update(name: str, update: FeatureUpdate, version: int) -> FeatureUpdateKey:
    if version == 0:
        is_downgrade = update.type != UpgradeType.UPGRADE
        return FeatureUpdateKey(feature=name, max_version_level=update.level, allow_downgrade=is_downgrade)
    return FeatureUpdateKey(feature=name, max_version_level=update.level, upgrade_type=update.type)


def _updated(name: str, response: UpdateFeaturesResponse) -> KafkaError | None:
    results = {result.feature: result for result in response.results}
    answer = results.get(name, response)
    code = answer.error_code or response.error_code
    return None if code == ErrorCode.NONE else refused(f"feature {name}", code, answer.error_message)
