"""UpdateFeatures: the levels of the cluster's features (KIP-584, KIP-778, KIP-1022).

Each feature is at its newest level unless it was set to another. One update that is not possible refuses them all. What
counts as a downgrade that loses metadata is what Apache Kafka 4.2 takes for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ottla.cluster import keys
from ottla.cluster.controller.decision import Decision
from ottla.cluster.image import ClusterImage
from ottla.cluster.store import Put
from ottla.core.errors import ErrorCode, KafkaError

METADATA_VERSION = "metadata.version"
GROUP_VERSION = "group.version"
TRANSACTION_VERSION = "transaction.version"

OLDEST_WITHOUT_LOSS = 23
"""The lowest metadata.version whose metadata Apache Kafka 4.2 calls the same as its newest."""


class Levels(NamedTuple):
    """What is supported of one feature."""

    oldest: int
    newest: int


SUPPORTED = {
    METADATA_VERSION: Levels(7, 29),
    GROUP_VERSION: Levels(0, 1),
    TRANSACTION_VERSION: Levels(0, 2),
}
"""As Apache Kafka 4.2's own, which is what clients take our behaviour to be."""


class UpgradeType(IntEnum):
    """Which way an update may go; the numbers are those of UpdateFeatures."""

    UPGRADE = 1
    SAFE_DOWNGRADE = 2
    UNSAFE_DOWNGRADE = 3


@dataclass(frozen=True, slots=True)
class FeatureUpdate:
    """One update of a request. The type is its number as it came."""

    feature: str
    level: int
    upgrade_type: int = UpgradeType.UPGRADE


def level_of(image: ClusterImage, feature: str) -> int:
    """The finalized level of a supported feature."""
    return image.features.get(feature, SUPPORTED[feature].newest)


def update_features(
    image: ClusterImage, updates: Sequence[FeatureUpdate], *, validate_only: bool
) -> Decision[None]:
    """Set all of them. Raises KafkaError(INVALID_UPDATE_VERSION) with the first that is not possible."""
    writes = []
    for update in updates:
        try:
            _check(image, update)
        except KafkaError as error:
            reason = "The update failed for all features since the following feature had an error: "
            raise KafkaError(error.code, reason + error.message) from None
        if update.level != level_of(image, update.feature):
            writes.append(Put(keys.feature(update.feature), b"%d" % update.level))
    return Decision(() if validate_only else tuple(writes), None)


def _check(image: ClusterImage, update: FeatureUpdate) -> None:
    """Raises KafkaError, saying why the update is not possible."""
    if update.upgrade_type not in tuple(UpgradeType):
        raise _invalid(update, "The controller does not support the given upgrade type.")
    if update.level < 0:
        raise _invalid(update, "A feature version cannot be less than 0.")
    supported = SUPPORTED.get(update.feature)
    if supported is None:
        raise _invalid(update, "The cluster does not support this feature.")
    if not supported.oldest <= update.level <= supported.newest:
        raise _invalid(update, f"The cluster only supports versions {supported.oldest}-{supported.newest}")
    present = level_of(image, update.feature)
    if update.level < present and update.upgrade_type == UpgradeType.UPGRADE:
        why = "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe"
        raise _invalid(update, f"{why} downgrade.")
    if update.level > present and update.upgrade_type != UpgradeType.UPGRADE:
        raise _invalid(update, "Can't downgrade to a newer version.")
    if update.feature == METADATA_VERSION and update.level < min(present, OLDEST_WITHOUT_LOSS):
        raise _invalid(update, "It might delete metadata information.")


def _invalid(update: FeatureUpdate, why: str) -> KafkaError:
    message = f"Invalid update version {update.level} for feature {update.feature}. {why}"
    return KafkaError(ErrorCode.INVALID_UPDATE_VERSION, message)
