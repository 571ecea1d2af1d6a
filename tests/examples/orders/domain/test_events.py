"""Events of every age."""

import json

import pytest

from ottla.client.serdes import SerializationError
from ottla_examples.orders.domain.events import Event, OrderCreated, PriceChanged, decode, encode
from ottla_examples.orders.topics import ORDERS

FIRST_VERSION = (
    b'{"type":"OrderCreated","order_id":"o","customer_id":1,"product_id":2,"quantity":3,'
    b'"price_cents":400,"created_at_ms":5}'
)


def test_what_the_first_version_wrote_is_read_by_the_second() -> None:
    order = decode(FIRST_VERSION)
    assert isinstance(order, OrderCreated)
    assert (order.schema, order.currency, order.total_cents) == (1, "EUR", 1200)


def test_what_the_second_version_writes_is_all_that_the_first_one_needs() -> None:
    order = decode(FIRST_VERSION.replace(b'"order_id"', b'"schema":2,"currency":"SEK","order_id"'))
    assert isinstance(order, OrderCreated)
    assert order.currency == "SEK"
    assert json.loads(FIRST_VERSION).keys() <= json.loads(encode(order)).keys()


def test_fields_of_later_versions_are_passed_over() -> None:
    event = decode(b'{"type":"PriceChanged","product_id":1,"price_cents":2,"because":"it rains"}')
    assert event == PriceChanged(product_id=1, price_cents=2)


def test_a_kind_that_is_not_known_yet_is_an_event_that_nobody_reacts_to() -> None:
    assert type(decode(b'{"type":"OrderReturned","order_id":"o"}')) is Event


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"type":"OrderCreated"}', b'{"type":1}', b"\xff"])
def test_what_is_no_event_is_an_error_that_names_the_topic(data: bytes) -> None:
    assert ORDERS.value_serde is not None
    with pytest.raises(SerializationError, match="topic orders"):
        ORDERS.value_serde.deserialize(data, "orders", ())


def test_every_event_survives_the_journey() -> None:
    event = PriceChanged(product_id=1, price_cents=2)
    assert ORDERS.value_serde is not None
    data = ORDERS.value_serde.serialize(event, "prices", ())
    assert ORDERS.value_serde.deserialize(data, "prices", ()) == event
    assert ORDERS.value_serde.deserialize(None, "prices", ()) is None
