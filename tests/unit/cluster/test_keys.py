"""Every key leads back to what it was made of, and no two things share one."""

from ottla.cluster import keys
from ottla.cluster.keys import ResourceType
from ottla.cluster.store import prefix_end


def test_keys_lead_back() -> None:
    assert keys.topic_of(keys.topic("a.b_c-d")) == "a.b_c-d"
    assert keys.broker_of(keys.broker(2147483647)) == 2147483647
    for resource in (
        (ResourceType.TOPIC, "a"),
        (ResourceType.BROKER, ""),
        (ResourceType.BROKER, "12"),
    ):
        assert keys.resource_of(keys.configs(resource)) == resource


def test_brokers_sort_by_their_number() -> None:
    assert keys.broker(9) < keys.broker(10) < keys.broker(100)


def test_the_end_of_a_prefix() -> None:
    assert prefix_end(b"a/") == b"a0"
    assert prefix_end(b"a\xff") == b"b"
    assert prefix_end(b"\xff") is None
    assert prefix_end(b"") is None
