"""What is finished when records are worked on out of order."""

from hypothesis import given
from hypothesis import strategies as st

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.consuming.positions import Place
from ottla.client.consuming.tracker import Tracker


def tracking(*offsets: int, position: int) -> Tracker:
    place = Place(TopicPartition("t", 0))
    place.locate(offsets[0] if offsets else position)
    tracker = Tracker(place)
    for offset in offsets:
        tracker.begin(offset)
    place.position = position
    return tracker


def test_finished_waits_for_the_lowest() -> None:
    tracker = tracking(3, 4, 7, position=9)
    finished = []
    for offset in (4, 7, 3):
        tracker.finish(offset)
        finished.append(tracker.place.finished)
    assert finished == [3, 3, 9]


@given(st.permutations(range(8)), st.integers(0, 8))
def test_nothing_that_is_not_done_is_ever_passed(order: list[int], upto: int) -> None:
    tracker = tracking(*range(8), position=8)
    for done in range(upto):
        tracker.finish(order[done])
        left = sorted(order[done + 1 :])
        assert tracker.place.finished == (left[0] if left else 8)
    tracker.drop_rest()
    left = sorted(order[upto:])
    assert tracker.place.position == tracker.place.finished == (left[0] if left else 8)
    assert not tracker.place.is_in_hand
