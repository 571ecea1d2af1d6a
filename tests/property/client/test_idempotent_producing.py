"""Whatever is lost on the way to a broker and back, its log has every record once and in order."""

from collections import deque
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.produce_log import ProduceLog
from tests.support.producing import A, accumulator, append, due, metadata

from ottla.client.producing.counters import ProducerCounters
from ottla.client.producing.delivery import Delivery
from ottla.client.producing.failures import expired
from ottla.client.producing.outgoing import OutgoingBatch
from ottla.client.producing.produce_answers import ProduceAnswers
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import PRODUCER_REST_SECONDS
from ottla.wire.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse

LOST = KafkaError(ErrorCode.NETWORK_EXCEPTION, "the connection is gone")
PASSING = [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.CORRUPT_MESSAGE]


class Exchange:
    """What `ProduceAnswers` asks of the request that an answer belongs to."""

    def answers(self, response: ProduceResponse) -> dict[Any, PartitionProduceResponse]:
        return {A: response.responses[0].partition_responses[0]}


class Producing(RuleBasedStateMachine):
    """One partition. Requests reach the broker in the order in which they left, or not at all; answers likewise."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1.0
        self.accumulator = accumulator(
            linger_ms=0, retry_backoff_ms=0, buffer_memory=10**9, delivery_timeout_ms=10**6, batch_size=200
        )
        cluster = SimpleNamespace(metadata=metadata(), clock=SimpleNamespace(monotonic=lambda: self.now))
        refresher = SimpleNamespace(need=lambda _: None)
        self.answers = ProduceAnswers(
            cluster,
            self.accumulator,
            refresher,
            ProducerCounters(),
            None,  # type: ignore[arg-type]
        )
        self.log = ProduceLog()
        self.under_way: deque[tuple[OutgoingBatch, bytes]] = deque()
        self.answered: deque[tuple[OutgoingBatch, PartitionProduceResponse]] = deque()
        self.sent: list[tuple[bytes, Delivery]] = []

    @rule(count=st.integers(1, 8))
    def append(self, count: int) -> None:
        for _ in range(count):
            value = b"%d" % len(self.sent)
            self.sent.append((value, append(self.accumulator, value, now=self.now)))

    @rule()
    def leave(self) -> None:
        self.now += 0.001
        for queue in due(self.accumulator, self.now):
            batch = self.accumulator.take(queue)
            self.under_way.append((batch, bytes(batch.encode())))

    @precondition(lambda self: self.under_way)
    @rule()
    def arrive(self) -> None:
        batch, encoded = self.under_way.popleft()
        self.answered.append((batch, self.log.append(encoded)))

    @precondition(lambda self: self.under_way)
    @rule(code=st.sampled_from(PASSING))
    def be_refused_for_now(self, code: ErrorCode) -> None:
        batch, _ = self.under_way.popleft()
        self.answered.append((batch, PartitionProduceResponse(error_code=code)))

    @precondition(lambda self: self.answered)
    @rule()
    def answer(self) -> None:
        batch, answer = self.answered.popleft()
        topics = [TopicProduceResponse(name="t", partition_responses=[answer])]
        self.answers.answered(0, [batch], Exchange(), ProduceResponse(responses=topics))  # type: ignore[arg-type]

    @rule(arrived=st.integers(0, 5))
    def cut(self, arrived: int) -> None:
        """The connection breaks: some of what is under way arrives all the same; no answer does."""
        for _ in range(min(arrived, len(self.under_way))):
            self.arrive()
        for batch, _ in [*self.answered, *self.under_way]:
            self.answers.unanswered([batch], LOST)
        self.answered.clear()
        self.under_way.clear()

    @precondition(
        lambda self: not self.under_way and not self.answered and not self.accumulator.queue(A).waiting
    )
    @rule()
    def forget(self) -> None:
        """The broker forgets a producer that has rested."""
        self.now += 2 * PRODUCER_REST_SECONDS
        self.log.forget()

    @invariant()
    def the_log_is_what_was_sent_so_far(self) -> None:
        expected = [value for value, _ in self.sent][: len(self.log.values)]
        assert self.log.values == expected

    @invariant()
    def offsets_are_where_the_records_are(self) -> None:
        for value, delivery in self.sent:
            if delivery.done() and delivery.exception() is None:
                assert self.log.values[delivery.result().offset] == value

    def teardown(self) -> None:
        for _ in range(10 * len(self.sent) + 10):
            self.leave()
            while self.under_way:
                self.arrive()
            while self.answered:
                self.answer()
        assert [value for value, _ in self.sent] == self.log.values
        assert all(delivery.done() for _, delivery in self.sent)
        assert not self.accumulator.busy
        assert self.accumulator.memory.reserved_bytes == 0


class ProducingWithLosses(Producing):
    """Now some batches are refused for good, are too large, or wait too long: the others are as before."""

    def __init__(self) -> None:
        super().__init__()
        self.accumulator.settings = replace(self.accumulator.settings, delivery_timeout_ms=10_000)

    @precondition(lambda self: self.under_way)
    @rule(
        code=st.sampled_from(
            [ErrorCode.INVALID_RECORD, ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.INVALID_TIMESTAMP]
        )
    )
    def be_refused_for_good(self, code: ErrorCode) -> None:
        """Not what the broker has taken before: it does not change its mind."""
        batch, encoded = self.under_way.popleft()
        if not self.log.has(encoded):
            self.answered.append((batch, PartitionProduceResponse(error_code=code)))
        else:
            self.answered.append((batch, self.log.append(encoded)))

    @rule()
    def wait_too_long(self) -> None:
        self.now += 11
        for batch in self.accumulator.look(self.now):
            self.answers.expired(batch, expired(batch, 10_000, "nobody answers"))

    @invariant()
    def the_log_is_what_was_sent_so_far(self) -> None:
        """In the order of sending, each at most once; what was told as saved is there."""
        order = {value: number for number, (value, _) in enumerate(self.sent)}
        places = [order[value or b""] for value in self.log.values]
        assert all(one < other for one, other in pairwise(places))

    def teardown(self) -> None:
        for _ in range(10 * len(self.sent) + 10):
            self.leave()
            while self.under_way:
                self.arrive()
            while self.answered:
                self.answer()
        self.offsets_are_where_the_records_are()
        assert all(delivery.done() for _, delivery in self.sent)
        assert not self.accumulator.busy
        assert self.accumulator.memory.reserved_bytes == 0


TestProducing = Producing.TestCase
TestProducingWithLosses = ProducingWithLosses.TestCase
TestProducing.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
TestProducingWithLosses.settings = TestProducing.settings
