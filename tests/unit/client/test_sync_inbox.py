"""Records on their way from threads to the loop of a blocking producer: none waits for ever, whatever the others do."""

import asyncio
import gc
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from ottla.client.config.settings import ProducerSettings, settings_from
from ottla.client.producing.buffer_memory import BufferFull
from ottla.client.producing.delivery import Delivery as AsyncDelivery
from ottla.client.producing.delivery import Outcome, Piece
from ottla.client.producing.producer import Producer
from ottla.client.sync.delivery import Delivery
from ottla.client.sync.inbox import Inbox
from ottla.client.sync.loop import LoopThread
from ottla.core.clock import SystemClock
from ottla.core.errors import ErrorCode, KafkaError

SECONDS = 10.0
ENDLESS = 200_000


class ScriptedProducer:
    """Takes whatever it is given into one batch; `on_sent` is called with each value."""

    settings = settings_from(ProducerSettings, {})

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.outcome = Outcome("t", 0)
        self.has_room = asyncio.Event()
        self.refusals: list[Exception] = []
        self.refused = self.refusals.append
        self._intake, self._clock = self, SystemClock()
        self.on_sent: Callable[[Any], object] = lambda _: None

    def take_encoded(self, topic: str, key: None, value: bytes, *_: object) -> AsyncDelivery:
        self.on_sent(value)
        self.sent.append(value)
        return AsyncDelivery(self.outcome, len(self.sent) - 1, 5)

    async def ready(self) -> None:
        await self.has_room.wait()

    def settle(self) -> None:
        self.outcome.settle(Piece(0, 100, -1, None))


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread("test")
    yield thread
    thread.stop()


@pytest.fixture
def producer() -> ScriptedProducer:
    return ScriptedProducer()


@pytest.fixture
def inbox(loop: LoopThread, producer: ScriptedProducer) -> Inbox:
    return Inbox(loop, cast("Producer", producer))


def put(inbox: Inbox, number: int) -> Delivery:
    return inbox.take("t", b"%d" % number, None, None, None, None)


async def call(function: Callable[[], object]) -> None:
    function()


def test_a_result_is_waited_for_and_then_there(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer
) -> None:
    deliveries = [put(inbox, number) for number in range(3)]
    with pytest.raises(TimeoutError):
        deliveries[0].result(0)
    assert not deliveries[0].done()
    threading.Timer(0.01, lambda: loop.run(call(producer.settle))).start()
    assert deliveries[2].result(SECONDS).offset == 102
    assert all(each.done() and each.exception() is None for each in deliveries)
    assert repr(deliveries[0]).startswith("<Delivery to t-0: RecordMetadata")


def test_callbacks_are_called_whenever_they_were_added(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer
) -> None:
    called: list[Delivery] = []
    delivery = put(inbox, 0)
    delivery.add_done_callback(called.append)
    loop.run(inbox.handed_over())
    delivery.add_done_callback(called.append)
    loop.run(call(producer.settle))
    delivery.add_done_callback(called.append)
    loop.run(asyncio.sleep(0.001))
    assert called == [delivery] * 3


def test_what_the_producer_refuses_is_the_deliverys_and_a_line_in_the_log(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(value: object) -> None:
        raise TypeError(f"no {value!r}")

    producer.on_sent = refuse
    with caplog.at_level(logging.WARNING, "ottla.client"):
        refused = [put(inbox, number) for number in range(2)]
        loop.run(inbox.handed_over())
        with pytest.raises(TypeError, match="no b'0'"):
            refused[0].result(0)
        assert isinstance(refused[1].exception(0), TypeError)
    assert producer.refusals == [refused[0].exception(), refused[1].exception()]
    assert "records were not sent, the first because: no b'0'" in caplog.text


def test_others_get_their_turn_while_records_come_without_end(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer
) -> None:
    others_ran = threading.Event()

    def one_more(value: bytes) -> None:
        if not others_ran.is_set() and int(value) < ENDLESS:
            put(inbox, int(value) + 1)

    producer.on_sent = one_more
    put(inbox, 0)
    loop.run(call(others_ran.set))
    loop.run(inbox.handed_over())
    assert len(producer.sent) < ENDLESS


def test_who_waits_for_what_came_before_does_not_wait_for_what_comes_after(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer
) -> None:
    waited = threading.Event()

    def one_more(value: bytes) -> None:
        if not waited.is_set() and int(value) < ENDLESS:
            put(inbox, int(value) + 1)

    producer.on_sent = one_more
    put(inbox, 0)
    loop.run(inbox.handed_over())
    waited.set()
    assert len(producer.sent) < ENDLESS


@pytest.mark.parametrize("deliver", [True, False])
def test_close_takes_no_more_and_leaves_nobody_waiting(
    loop: LoopThread, inbox: Inbox, producer: ScriptedProducer, deliver: bool
) -> None:
    def full(_: object) -> None:
        if not producer.has_room.is_set():
            raise BufferFull(ErrorCode.REQUEST_TIMED_OUT, "full")

    producer.on_sent = full
    deliveries = [put(inbox, number) for number in range(3)]
    closing = loop.begin(inbox.close(deliver=deliver))
    loop.run(asyncio.sleep(0))
    with pytest.raises(KafkaError, match="the producer was closed") as refused:
        put(inbox, 3)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert not refused.value.retriable
    loop.call(producer.has_room.set)
    closing.result(SECONDS)
    assert producer.sent == ([b"0", b"1", b"2"] if deliver else [])
    assert [each.done() for each in deliveries] == [not deliver] * 3
    if not deliver:
        with pytest.raises(KafkaError, match="the producer was closed"):
            deliveries[2].result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_in_the_child_of_a_fork_nothing_is_swallowed(inbox: Inbox, producer: ScriptedProducer) -> None:
    held, go_on = threading.Event(), threading.Event()
    producer.on_sent = lambda _: (held.set(), go_on.wait(SECONDS))
    before = put(inbox, 1)
    assert held.wait(SECONDS)  # the loop is about to look for more: nobody would call it in the child
    reading, writing = os.pipe()
    gc.freeze()
    child = os.fork()
    if child == 0:
        try:
            for question in (lambda: put(inbox, 2), before.result):
                try:
                    question()
                except RuntimeError as error:
                    os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    go_on.set()
    os.close(writing)
    with open(reading, "rb") as said:
        assert said.read().count(b"made before a fork") == 2
    os.waitpid(child, 0)
    gc.unfreeze()
