"""The leader-epoch history: KIP-101's questions and answers."""

import pytest

from ottla.log.epochs import EpochHistory

HISTORY = [(1, 0), (3, 10), (4, 25)]


@pytest.mark.parametrize(
    ("epoch", "answer"),
    [(-1, (-1, -1)), (0, (0, 0)), (1, (1, 10)), (2, (1, 10)), (3, (3, 25)), (4, (4, 40)), (5, (-1, -1))],
)
def test_where_an_epoch_ends(epoch: int, answer: tuple[int, int]) -> None:
    assert EpochHistory(HISTORY).end_offset(epoch, 40) == answer


def test_an_empty_history_knows_nothing() -> None:
    history = EpochHistory()
    assert (history.latest, history.at(0), history.end_offset(0, 5)) == (-1, -1, (-1, -1))


@pytest.mark.parametrize(("offset", "epoch"), [(0, 1), (9, 1), (10, 3), (24, 3), (25, 4), (1000, 4)])
def test_the_epoch_of_an_offset(offset: int, epoch: int) -> None:
    assert EpochHistory(HISTORY).at(offset) == epoch


def test_before_the_first_known_epoch_there_is_none() -> None:
    assert EpochHistory([(3, 10)]).at(9) == -1


def test_a_new_epoch_takes_the_place_of_those_that_wrote_nothing_before_it() -> None:
    history = EpochHistory(HISTORY)
    history.assign(7, 25)
    assert history.entries == ((1, 0), (3, 10), (7, 25))
    history.assign(8, 20)
    assert history.entries == ((1, 0), (3, 10), (8, 20))


def test_the_same_epoch_again_and_no_epoch_at_all_change_nothing() -> None:
    history = EpochHistory(HISTORY)
    history.assign(4, 30)
    history.assign(-1, 30)
    assert history.entries == tuple(HISTORY)
    assert not history.changed


@pytest.mark.parametrize(
    ("end_offset", "left"), [(0, []), (1, HISTORY[:1]), (10, HISTORY[:1]), (11, HISTORY[:2]), (26, HISTORY)]
)
def test_truncation_from_the_end(end_offset: int, left: list[tuple[int, int]]) -> None:
    history = EpochHistory(HISTORY)
    history.truncate_from_end(end_offset)
    assert history.entries == tuple(left)
    assert history.changed == (left != HISTORY)


@pytest.mark.parametrize(
    ("start_offset", "left"),
    [(0, HISTORY), (5, [(1, 5), *HISTORY[1:]]), (10, HISTORY[1:]), (12, [(3, 12), (4, 25)]), (99, [(4, 99)])],
)
def test_truncation_from_the_start(start_offset: int, left: list[tuple[int, int]]) -> None:
    history = EpochHistory(HISTORY)
    history.truncate_from_start(start_offset)
    assert history.entries == tuple(left)
