"""Replies leave in the order of their requests, whatever the order in which they were finished."""

from struct import pack

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ottla.net.replies import ReplyQueue, Slot

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

REPLIES = st.one_of(st.none(), st.lists(st.binary(max_size=20), max_size=3))


def framed(replies: list[list[bytes] | None]) -> bytes:
    return b"".join(
        pack(">i", sum(map(len, parts))) + b"".join(parts) for parts in replies if parts is not None
    )


@UNHURRIED
@given(st.data())
def test_any_order_of_finishing_gives_the_order_of_starting(data: st.DataObject) -> None:
    replies = data.draw(st.lists(REPLIES, max_size=12), label="replies")
    at_once = data.draw(st.sets(st.integers(0, 11)), label="answered at once")
    queue = ReplyQueue()
    slots: dict[int, Slot] = {}
    for index, reply in enumerate(replies):
        if index in at_once:
            queue.add(reply)
        else:
            slots[index] = queue.wait(100)
    sent = b""
    for index in data.draw(st.permutations(sorted(slots)), label="finished"):
        queue.finish(slots.pop(index), replies[index])
        if data.draw(st.booleans(), label="flush"):
            parts, size, ends = queue.take()
            assert not ends
            assert size == sum(map(len, parts))
            sent += b"".join(parts)
            # All before the oldest unfinished request have left, and nothing behind it.
            left = min(slots, default=len(replies))
            assert sent == framed(replies[:left])
            assert len(queue) == len(replies) - left
    sent += b"".join(queue.take()[0])
    assert sent == framed(replies)
    assert len(queue) == 0
    assert queue.held_bytes == 0


@UNHURRIED
@given(before=st.lists(REPLIES, max_size=5), after=st.lists(REPLIES, max_size=5))
def test_nothing_leaves_behind_the_end(
    before: list[list[bytes] | None], after: list[list[bytes] | None]
) -> None:
    queue = ReplyQueue()
    for reply in before:
        queue.add(reply)
    queue.add_end()
    for reply in after:
        queue.add(reply)
    parts, _, ends = queue.take()
    assert ends
    assert b"".join(parts) == framed(before)
    assert len(queue) == len(after)
    assert queue.drop() == []
    assert queue.held_bytes == 0
