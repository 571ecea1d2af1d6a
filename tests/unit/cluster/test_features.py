"""Feature levels: which way they may go, and that one refusal refuses all. The codes are Apache Kafka's."""

import pytest

from ottla.cluster import keys
from ottla.cluster.controller.features import SUPPORTED, FeatureUpdate, level_of, update_features
from ottla.cluster.image import ClusterImage
from ottla.cluster.store import Change, Put
from ottla.core.errors import ErrorCode, KafkaError

TRANSACTIONS = "transaction.version"


def changed(image: ClusterImage, *updates: FeatureUpdate) -> ClusterImage:
    writes = update_features(image, updates, validate_only=False).writes
    changes = [Change(write.key, write.value) for write in writes if isinstance(write, Put)]
    return image.apply(image.revision + 1, changes)


def test_the_newest_level_holds_until_another_is_set() -> None:
    image = ClusterImage()
    assert {name: level_of(image, name) for name in SUPPORTED} == {
        "metadata.version": 29,
        "group.version": 1,
        "transaction.version": 2,
    }
    lower = changed(image, FeatureUpdate(TRANSACTIONS, 1, 2), FeatureUpdate("group.version", 0, 3))
    assert (level_of(lower, TRANSACTIONS), level_of(lower, "group.version")) == (1, 0)
    assert level_of(changed(lower, FeatureUpdate(TRANSACTIONS, 2)), TRANSACTIONS) == 2


def test_a_level_that_is_removed_is_the_newest_again() -> None:
    lower = changed(ClusterImage(), FeatureUpdate(TRANSACTIONS, 0, 2))
    assert level_of(lower, TRANSACTIONS) == 0
    again = lower.apply(9, [Change(keys.feature(TRANSACTIONS), None)])
    assert level_of(again, TRANSACTIONS) == 2


def test_what_is_as_it_was_is_not_written() -> None:
    same = [FeatureUpdate(TRANSACTIONS, 2), FeatureUpdate("metadata.version", 29, 2)]
    assert update_features(ClusterImage(), same, validate_only=False).writes == ()


def test_a_trial_writes_nothing() -> None:
    lower = [FeatureUpdate(TRANSACTIONS, 1, 2)]
    assert update_features(ClusterImage(), lower, validate_only=True).writes == ()
    assert len(update_features(ClusterImage(), lower, validate_only=False).writes) == 1


@pytest.mark.parametrize(
    ("update", "why"),
    [
        (FeatureUpdate(TRANSACTIONS, 1), "without setting the upgrade type"),
        (FeatureUpdate(TRANSACTIONS, 3), "only supports versions 0-2"),
        (FeatureUpdate(TRANSACTIONS, -1, 2), "cannot be less than 0"),
        (FeatureUpdate(TRANSACTIONS, 2, 0), "does not support the given upgrade type"),
        (FeatureUpdate("nonsense", 1), "does not support this feature"),
        (FeatureUpdate("metadata.version", 22, 2), "might delete metadata"),
        (FeatureUpdate("metadata.version", 6, 3), "only supports versions 7-29"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_one_that_is_not_possible_refuses_them_all(update: FeatureUpdate, why: str) -> None:
    with pytest.raises(KafkaError, match=why) as refused:
        update_features(ClusterImage(), [FeatureUpdate("group.version", 0, 2), update], validate_only=False)
    assert refused.value.code is ErrorCode.INVALID_UPDATE_VERSION


def test_an_upgrade_is_no_downgrade() -> None:
    lower = changed(ClusterImage(), FeatureUpdate(TRANSACTIONS, 0, 2))
    with pytest.raises(KafkaError, match="Can't downgrade to a newer version"):
        update_features(lower, [FeatureUpdate(TRANSACTIONS, 1, 2)], validate_only=False)
