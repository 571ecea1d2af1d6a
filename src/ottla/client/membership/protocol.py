"""Which protocol a consumer speaks to its group, and the membership that speaks it."""

import uuid

from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.client.brokers.coordinators import CoordinatorType
from ottla.client.config.settings import ConsumerSettings
from ottla.client.membership.assignment import assignors_named
from ottla.client.membership.classic import ClassicMembership
from ottla.client.membership.consumer import ConsumerMembership
from ottla.client.membership.machine import MemberConfig
from ottla.core.errors import ErrorCode, KafkaError, UnsupportedVersionError

_FIRST_WITH_OWN_ID = 1
"""Of ConsumerGroupHeartbeat: the member makes up its id, and expressions are evaluated by the broker (KIP-1082)."""


async def membership_of(
    cluster: Cluster, settings: ConsumerSettings, *, classic_only: bool
) -> ClassicMembership | ConsumerMembership:
    """KIP-848 when it was asked for, or is offered and nothing else was asked for. Raises KafkaError."""
    now_ms = int(cluster.clock.monotonic() * 1000)
    wanted = settings.group_protocol
    if wanted == "classic" or (wanted is None and classic_only):
        return ClassicMembership(_config(settings), now_ms)
    if await _offers_consumer_protocol(cluster, settings.group_id or ""):
        return ConsumerMembership(_config(settings), str(uuid.uuid4()), now_ms)
    if wanted == "consumer":
        fix = "set group_protocol to classic, or upgrade the brokers and finalize group.version 1"
        raise UnsupportedVersionError(
            ErrorCode.UNSUPPORTED_VERSION, f"the brokers do not offer KIP-848; {fix}"
        )
    return ClassicMembership(_config(settings), now_ms)


async def _offers_consumer_protocol(cluster: Cluster, group_id: str) -> bool:
    async def ask() -> bool:
        versions = await cluster.versions(await cluster.coordinator(group_id, CoordinatorType.GROUP))
        speaks = versions.highest("ConsumerGroupHeartbeat") >= _FIRST_WITH_OWN_ID
        return speaks and versions.level("group.version") >= 1

    async def ask_again() -> bool:
        try:
            return await ask()
        except KafkaError:
            cluster.forget_coordinator(group_id, CoordinatorType.GROUP)
            raise

    return await cluster.retrying(ask_again)


def _config(settings: ConsumerSettings) -> MemberConfig:
    assert settings.group_id is not None
    return MemberConfig(
        group_id=settings.group_id,
        instance_id=settings.group_instance_id,
        rack_id=settings.client_rack or None,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.heartbeat_interval_ms,
        max_poll_interval_ms=settings.max_poll_interval_ms,
        request_timeout_ms=settings.request_timeout_ms,
        assignors=assignors_named(settings.partition_assignment_strategy),
        server_assignor=settings.group_remote_assignor,
        backoff_ms=lambda attempts: int(backoff_seconds(settings, attempts) * 1000),
    )
