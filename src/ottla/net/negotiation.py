"""Which versions both ends speak: ApiVersions (KIP-35, KIP-511), asked once on every new connection."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from struct import Struct

import ottla
from ottla.core.errors import ErrorCode, KafkaError
from ottla.wire.header import decode_response_header
from ottla.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from ottla.wire.registry import Api, api_named
from ottla.wire.types import Buffer

Exchange = Callable[[Api, int, ApiVersionsRequest], Awaitable[Buffer]]
"""Sends a request in a version and returns the reply's frame."""

VersionRange = tuple[int, int]
_ERROR_CODE = Struct(">h")


@dataclass(frozen=True, slots=True)
class BrokerVersions:
    """What a broker said about itself."""

    ranges: dict[int, VersionRange] = field(default_factory=dict)
    """Lowest and highest version per API key."""
    supported: Mapping[str, VersionRange] = field(default_factory=dict)
    """The levels that it could have, per feature (KIP-584)."""
    finalized: Mapping[str, int] = field(default_factory=dict)
    """The level that the whole cluster has, per feature; one that is not here has level 0."""
    finalized_epoch: int = -1
    """Grows with every change of `finalized`; -1 when the broker does not say."""

    def highest(self, api: str) -> int:
        """The highest version of an API that both ends speak, -1 for none."""
        try:
            return common_version(api_named(api), self.ranges)
        except KafkaError:
            return -1

    def level(self, feature: str) -> int:
        """The finalized level of a feature such as `transaction.version`."""
        return self.finalized.get(feature, 0)


async def negotiate(exchange: Exchange) -> BrokerVersions:
    """The broker's versions and features. Raises KafkaError when it refuses.

    A broker that does not know our version of ApiVersions answers in version 0 and, since Kafka 2.4, says
    which it knows; then that one is asked, or version 0.
    """
    api = api_named("ApiVersions")
    version = api.max_version
    response = await _ask(exchange, api, version)
    if response.error_code == ErrorCode.UNSUPPORTED_VERSION:
        advertised = [row.max_version for row in response.api_keys if row.api_key == api.key]
        version = max(0, min([version - 1, *advertised])) if advertised else 0
        response = await _ask(exchange, api, version)
    if response.error_code != ErrorCode.NONE:
        raise KafkaError(ErrorCode(response.error_code), f"the broker refused ApiVersions version {version}")
    return BrokerVersions(
        ranges={row.api_key: (row.min_version, row.max_version) for row in response.api_keys},
        supported={row.name: (row.min_version, row.max_version) for row in response.supported_features},
        finalized={row.name: row.max_version_level for row in response.finalized_features},
        finalized_epoch=response.finalized_features_epoch,
    )


async def _ask(exchange: Exchange, api: Api, version: int) -> ApiVersionsResponse:
    request = ApiVersionsRequest(client_software_name="ottla", client_software_version=ottla.__version__)
    frame = await exchange(api, version, request)
    _, position = decode_response_header(api, version, frame)
    if len(frame) >= position + 2:
        (error_code,) = _ERROR_CODE.unpack_from(frame, position)
        if error_code == ErrorCode.UNSUPPORTED_VERSION:
            version = 0  # whatever was asked for
    return ApiVersionsResponse.decode(frame, version, position)[0]


def common_version(api: Api, theirs: Mapping[int, VersionRange]) -> int:
    """The highest version that both ends speak. Raises KafkaError (UNSUPPORTED_VERSION), naming both
    ranges."""
    if api.key not in theirs:
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, f"the broker does not serve {api.name}")
    low, high = theirs[api.key]
    version = min(high, api.max_version)
    if version < max(low, api.min_version):
        ours = f"{api.min_version} to {api.max_version}"
        problem = f"the broker speaks {api.name} versions {low} to {high}, this client {ours}"
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION, problem)
    return version
