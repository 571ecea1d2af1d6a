"""The image: what a change does to it, what it shares, and what it passes over."""

from ottla.cluster import keys
from ottla.cluster.delta import step
from ottla.cluster.encoding import encode_broker, encode_configs, encode_topic
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType
from ottla.cluster.metadata import BrokerImage, PartitionImage, TopicImage
from ottla.cluster.store import Change, Committed

ONE = PartitionImage(1, 0, 0, (1,), (1,))
RETENTION = (ResourceType.TOPIC, "orders")


def topic(name: str, number: int, partitions: int = 1) -> TopicImage:
    return TopicImage(name, number.to_bytes(16), (ONE,) * partitions)


def put(one: TopicImage) -> Change:
    return Change(keys.topic(one.name), encode_topic(one))


def test_an_image_answers_by_name_by_id_and_by_partition() -> None:
    orders = topic("orders", 1, 2)
    image = ClusterImage().apply(5, [put(orders), Change(keys.CLUSTER_ID, b"abc")])
    assert (image.revision, image.cluster_id) == (5, "abc")
    assert image.topics["orders"] == image.topic_by_id(orders.id) == orders
    assert image.partition("orders", 1) == ONE
    assert (
        image.partition("orders", 2) is image.partition("orders", -1) is image.partition("other", 0) is None
    )
    assert image.topic_by_id(bytes(16)) is None


def test_configs_of_topics_and_brokers() -> None:
    image = ClusterImage().apply(
        1,
        [
            Change(keys.configs(RETENTION), encode_configs({"retention.ms": "5"})),
            Change(keys.configs((ResourceType.BROKER, "")), encode_configs({"a": "1"})),
            Change(keys.configs((ResourceType.BROKER, "7")), encode_configs({"a": "2"})),
        ],
    )
    assert image.topic_configs("orders") == {"retention.ms": "5"}
    assert image.topic_configs("other") == {}
    assert (image.broker_configs(None), image.broker_configs(7)) == ({"a": "1"}, {"a": "2"})
    assert image.broker_configs(8) == {}
    assert image.apply(2, [Change(keys.configs(RETENTION), None)]).topic_configs("orders") == {}


def test_an_image_does_not_change_when_the_next_is_made() -> None:
    before = ClusterImage().apply(1, [put(topic(f"t{n}", n + 1)) for n in range(1000)])
    after = before.apply(2, [put(topic("new", 5000)), Change(keys.topic("t7"), None)])
    assert len(before.topics) == len(after.topics) == 1000
    assert ("new" in before.topics, "t7" in before.topics) == (False, True)
    assert ("new" in after.topics, "t7" in after.topics) == (True, False)
    assert after.topics["t8"] is before.topics["t8"]
    shared = set(map(id, before.topics._buckets)) & set(map(id, after.topics._buckets))
    assert len(shared) >= len(before.topics._buckets) - 2
    assert after.all_configs is before.all_configs


def test_a_deleted_topic_leaves_nothing_behind() -> None:
    image = ClusterImage().apply(1, [put(topic("a.b", 1)), put(topic("a-b", 2))])
    image = image.apply(2, [Change(keys.topic("a.b"), None), Change(keys.topic("a-b"), None)])
    assert not image.topics
    assert not image.topic_names
    assert not image.collisions


def test_keys_of_others_are_passed_over() -> None:
    image = ClusterImage().apply(1, [Change(b"something/else", b"\xff"), Change(b"topic", b"")])
    assert image == ClusterImage(revision=1)


def test_a_step_says_what_it_did() -> None:
    old, grown, gone = topic("grown", 1), topic("grown", 1, 2), topic("gone", 2)
    again_before, again_after = topic("again", 3), topic("again", 4)
    before = ClusterImage().apply(1, [put(old), put(gone), put(again_before)])
    broker = Change(keys.broker(7), encode_broker(BrokerImage(7, None, ())))
    changes = (
        put(grown),
        Change(keys.topic("gone"), None),
        put(again_after),
        put(topic("new", 5)),
        Change(keys.configs(RETENTION), None),
        broker,
    )
    delta = step(before, Committed(2, changes))
    assert delta.deleted == (gone, again_before)
    assert delta.created == (again_after, topic("new", 5))
    assert delta.changed == ((old, grown),)
    assert (delta.configs, delta.brokers) == ((RETENTION,), (7,))
    assert (delta.before, delta.after.revision) == (before, 2)
    assert delta.after.topic_by_id(again_before.id) is None
    removed = step(delta.after, Committed(3, (Change(keys.broker(7), None),)))
    assert removed.after.brokers == {}
