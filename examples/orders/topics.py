"""The topics: what each is about is its key, and events of one key stay in order."""

from typing import Final

from ottla import Topic
from ottla.client.admin import NewTopic
from ottla.client.serdes import Headers, SerializationError
from ottla_examples.orders.domain.events import Event, decode, encode


class EventSerde:
    """Events as JSON, of every version that was ever written."""

    def serialize(self, value: Event | None, topic: str, headers: Headers, /) -> bytes | None:  # noqa: ARG002
        """The bytes of an event."""
        return None if value is None else encode(value)

    def deserialize(self, data: bytes | None, topic: str, headers: Headers, /) -> Event | None:  # noqa: ARG002
        """The event. Raises SerializationError for what is none."""
        try:
            return None if data is None else decode(data)
        except ValueError as error:
            raise SerializationError(
                f"topic {topic}: no event: {error}", topic=topic, field="value"
            ) from error


EventTopic = Topic[str, Event]


def _topic(name: str) -> EventTopic:
    return Topic(name, key=str, value=EventSerde())


ORDERS: Final = _topic("orders")
INVENTORY: Final = _topic("inventory")
FRAUD: Final = _topic("fraud")
PAYMENTS: Final = _topic("payments")
SHIPMENTS: Final = _topic("shipments")
CUSTOMERS: Final = _topic("customers")
PRICES: Final = _topic("prices")
DEAD_LETTERS: Final = Topic("dead-letters")
"""What a service could not handle, as it was; headers say where it is from and what was wrong."""

TOPICS: Final = {
    topic.name: topic for topic in (ORDERS, INVENTORY, FRAUD, PAYMENTS, SHIPMENTS, CUSTOMERS, PRICES)
}
COMPACTED: Final = frozenset({CUSTOMERS.name, PRICES.name})
"""Of these the last event of each key is kept for ever: who reads them from the beginning knows all there is."""
PARTITIONS: Final = 3


def to_create() -> list[NewTopic]:
    """All of them, for the admin."""
    return [
        NewTopic(name, PARTITIONS, configs={"cleanup.policy": "compact"} if name in COMPACTED else {})
        for name in (*TOPICS, DEAD_LETTERS.name)
    ]
