"""The picture of the cluster: what a reply changes in it, and what it must not."""

from ottla.client.brokers.address import Address
from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.core.errors import ErrorCode
from ottla.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

ID, OTHER_ID = b"\1" * 16, b"\2" * 16
T0 = TopicPartition("t", 0)


def reply(leader: int, epoch: int, *, topic_id: bytes = ID, name: str = "t") -> MetadataResponse:
    partition = MetadataResponsePartition(leader_id=leader, leader_epoch=epoch, replica_nodes=[1, 2])
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(node_id=1, host="one", port=1, rack="a"),
            MetadataResponseBroker(node_id=2, host="two", port=2),
        ],
        topics=[MetadataResponseTopic(name=name, topic_id=topic_id, partitions=[partition])],
    )


def test_a_leader_epoch_never_goes_back() -> None:
    known = Metadata().updated(reply(1, 5))
    assert known.updated(reply(2, 4)).leader(T0) == 1
    assert known.updated(reply(2, 5)).leader(T0) == 2  # the same epoch: a newer answer of the same kind
    assert known.updated(reply(2, 6)).leader(T0) == 2


def test_an_old_broker_that_knows_no_epochs_is_believed() -> None:
    assert Metadata().updated(reply(1, 5)).updated(reply(2, -1)).leader(T0) == 2


def test_a_topic_made_anew_begins_anew() -> None:
    known = Metadata().updated(reply(1, 5)).updated(reply(2, 0, topic_id=OTHER_ID))
    assert known.leader(T0) == 2
    assert known.topic_names == {OTHER_ID: "t"}


def test_racks_and_ids() -> None:
    known = Metadata().updated(reply(1, 5))
    assert (known.racks, known.topic_names) == ({1: "a"}, {ID: "t"})


def test_a_hint_names_the_new_leader_and_where_it_is() -> None:
    known = Metadata().updated(reply(1, 5))
    moved = known.with_leader(T0, 3, 6, {3: Address("three", 3)})
    assert (moved.leader(T0), moved.brokers[3]) == (3, Address("three", 3))
    assert known.leader(T0) == 1


def test_a_hint_that_is_no_news_changes_nothing() -> None:
    known = Metadata().updated(reply(1, 5))
    assert known.with_leader(T0, 2, 5) is known
    assert known.with_leader(T0, -1, 6) is known
    assert known.with_leader(T0, 3, 6) is known  # nobody knows where 3 is
    assert known.with_leader(TopicPartition("t", 1), 2, 6) is known
    assert known.with_broker(1, Address("one", 1)) is known


def test_a_reply_about_all_topics_ends_the_others() -> None:
    known = Metadata().updated(reply(1, 5)).updated(reply(1, 0, name="u", topic_id=OTHER_ID))
    assert set(known.topics) == {"t", "u"}
    assert set(known.updated(reply(1, 5), complete=True).topics) == {"t"}


def test_an_error_of_a_topic_is_kept() -> None:
    failed = MetadataResponse(
        topics=[MetadataResponseTopic(name="t", error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)]
    )
    assert Metadata().updated(failed).topics["t"].error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
