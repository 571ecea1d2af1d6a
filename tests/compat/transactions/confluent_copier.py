"""Consume, transform, produce, commit offsets in one transaction, with confluent-kafka: until killed.

python confluent_copier.py BOOTSTRAP INPUT OUTPUT GROUP TRANSACTIONAL_ID

Members of one group share the input (KIP-447): what a copier holds of a partition that it loses goes, and the group's
metadata fences it if it has not noticed yet.
"""

import faulthandler
import logging
import random
import signal
import sys

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

TRANSACTION_SIZE = 40
ABORTED = 0.1
"""The part of transactions that the copier aborts of its own will."""
TIMEOUT_S = 60.0

log = logging.getLogger("copier")


class Copier:
    """One member of the group, with one transactional id."""

    def __init__(self, bootstrap: str, source: str, target: str, group: str, transactional_id: str) -> None:
        self.source, self.target = source, target
        self.held: list[Message] = []
        common = {
            "bootstrap.servers": bootstrap,
            "log_level": 3,
            # When its only broker is down, librdkafka 2.x would forget the broker, but not that it is the group's
            # coordinator, and then wait for it for ever in send_offsets_to_transaction.
            "metadata.recovery.strategy": "none",
        }
        self.consumer = Consumer({
            **common,
            "group.id": group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6_000,
        })  # fmt: skip
        self.producer = Producer({
            **common,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": 10_000,
            "linger.ms": 1,
        })  # fmt: skip

    def run(self) -> None:
        self.producer.init_transactions(TIMEOUT_S)
        self.consumer.subscribe([self.source], on_revoke=self._lose, on_lost=self._lose)
        while True:
            message = self.consumer.poll(0.2)
            if message is not None and message.error() is None:
                self.held.append(message)
            if len(self.held) >= TRANSACTION_SIZE or (message is None and self.held):
                self._copy()

    def _lose(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self.held.clear()

    def _copy(self) -> None:
        held, self.held = self.held, []
        self.producer.begin_transaction()
        try:
            for message in held:
                self.producer.produce(
                    self.target, message.value(), message.key(), partition=message.partition()
                )
            if random.random() < ABORTED:
                self.producer.flush(TIMEOUT_S)
                self._give_up()
                return
            metadata = self.consumer.consumer_group_metadata()
            self.producer.send_offsets_to_transaction(_after(held), metadata, TIMEOUT_S)
            self._commit()
        except KafkaException as error:
            reason = error.args[0]
            log.warning("copying failed: %s", reason)
            if not reason.txn_requires_abort():
                raise
            self._give_up()

    def _commit(self) -> None:
        while True:
            try:
                self.producer.commit_transaction(TIMEOUT_S)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
            else:
                return

    def _give_up(self) -> None:
        """Abort, and go back to where the group is."""
        self.producer.abort_transaction(TIMEOUT_S)
        self.held.clear()
        for known in self.consumer.committed(self.consumer.assignment(), TIMEOUT_S):
            if known.error is not None:
                raise KafkaException(known.error)
            position = TopicPartition(known.topic, known.partition, max(known.offset, 0))
            try:
                self.consumer.seek(position)
            except KafkaException as error:
                if (
                    error.args[0].code() != KafkaError._STATE
                ):  # revoked, or not fetched yet: the copier begins anew
                    raise
                raise SystemExit(1) from error


def _after(held: list[Message]) -> list[TopicPartition]:
    """Where to go on after these messages."""
    ends: dict[tuple[str, int], int] = {}
    for message in held:
        ends[message.topic(), message.partition()] = message.offset() + 1
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s")
    faulthandler.register(signal.SIGUSR1)  # what is it waiting for?
    Copier(*sys.argv[1:]).run()
