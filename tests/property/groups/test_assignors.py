"""What every assignor promises, for any members and topics; and two answers worked out by hand."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ottla.groups.assignors.balanced import assign_balanced
from ottla.groups.assignors.client import CLIENT_ASSIGNORS, Subscribed
from ottla.groups.assignors.member import Member
from ottla.groups.assignors.range import assign_range
from ottla.groups.assignors.round_robin import assign_round_robin
from ottla.groups.assignors.sticky import settle_claims, sticky_claim, sticky_user_data
from ottla.groups.consumer_protocol import ConsumerProtocolSubscription, TopicPartition

Partitions = frozenset[tuple[str, int]]
TOPICS = ["a", "b", "c", "gone"]
COUNTS = st.fixed_dictionaries({topic: st.integers(0, 6) for topic in TOPICS[:3]})
WISHES = st.lists(st.frozensets(st.sampled_from(TOPICS)), min_size=1, max_size=6)
OWNED = st.lists(st.frozensets(st.tuples(st.sampled_from(TOPICS), st.integers(0, 6))), min_size=6, max_size=6)
ASSIGNORS = [assign_balanced, assign_range, assign_round_robin]


def members_of(wishes: list[frozenset[str]], owned: list[Partitions]) -> list[Member[str]]:
    return [Member(f"m{n}", topics, owned[n]) for n, topics in enumerate(wishes)]


def existing(counts: Mapping[str, int], topics: frozenset[str]) -> set[tuple[str, int]]:
    return {(topic, number) for topic in topics for number in range(counts.get(topic, 0))}


@pytest.mark.parametrize("assign", ASSIGNORS)
@given(wishes=WISHES, owned=OWNED, counts=COUNTS)
def test_everything_wanted_is_given_once_and_to_who_wants_it(
    assign: object, wishes: list[frozenset[str]], owned: list[Partitions], counts: dict[str, int]
) -> None:
    members = members_of(wishes, owned)
    given_out = assign(members, counts)  # type: ignore[operator]
    assert given_out.keys() == {member.member_id for member in members}
    for member in members:
        assert given_out[member.member_id] <= existing(counts, member.topics)
    everything = sorted(partition for partitions in given_out.values() for partition in partitions)
    assert everything == sorted(existing(counts, frozenset().union(*wishes)))


@given(wishes=WISHES, owned=OWNED, counts=COUNTS)
def test_balanced_means_that_no_single_move_helps(
    wishes: list[frozenset[str]], owned: list[Partitions], counts: dict[str, int]
) -> None:
    members = members_of(wishes, owned)
    given_out = assign_balanced(members, counts)
    for partitions in given_out.values():
        for topic, _ in partitions:
            takers = [member.member_id for member in members if topic in member.topics]
            assert len(partitions) <= min(len(given_out[taker]) for taker in takers) + 1


@given(count=st.integers(1, 30), before=st.integers(1, 8), after=st.integers(1, 8))
def test_balanced_moves_no_more_than_it_must(count: int, before: int, after: int) -> None:
    """When all want the same, what moves is what newcomers need, or what is left behind."""
    had = assign_balanced([Member(f"m{n}", frozenset("a")) for n in range(before)], {"a": count})
    members = [Member(f"m{n}", frozenset("a"), frozenset(had.get(f"m{n}", ()))) for n in range(after)]
    has = assign_balanced(members, {"a": count})
    moved = sum(len(has[member.member_id] - member.owned) for member in members)
    fair = sorted((len(partitions) for partitions in has.values()), reverse=True)
    kept = sorted((len(member.owned) for member in members), reverse=True)
    assert moved == sum(max(0, share - old) for share, old in zip(fair, kept, strict=True))


@given(wishes=WISHES, owned=OWNED, counts=COUNTS)
def test_balanced_is_stable(
    wishes: list[frozenset[str]], owned: list[Partitions], counts: dict[str, int]
) -> None:
    first = assign_balanced(members_of(wishes, owned), counts)
    again = [Member(f"m{n}", topics, frozenset(first[f"m{n}"])) for n, topics in enumerate(wishes)]
    assert assign_balanced(again, counts) == first


@given(wishes=WISHES, counts=COUNTS)
def test_cooperative_members_never_own_the_same(wishes: list[frozenset[str]], counts: dict[str, int]) -> None:
    """Round after round, until nothing moves; at no moment does anybody get what another has not given up."""
    assignor = CLIENT_ASSIGNORS["cooperative-sticky"]
    owned: dict[str, list[TopicPartition]] = {
        "m0": assignor.assign({"m0": subscribed(wishes[0])}, counts)["m0"]
    }
    for _ in range(4):
        members = {f"m{n}": subscribed(topics, owned.get(f"m{n}", [])) for n, topics in enumerate(wishes)}
        given_out = assignor.assign(members, counts)
        held = {(e.topic, p): m for m, entries in owned.items() for e in entries for p in e.partitions}
        for member_id, entries in given_out.items():
            for partition in ((entry.topic, number) for entry in entries for number in entry.partitions):
                assert held.get(partition, member_id) == member_id
        owned = given_out
    everything = {(e.topic, p) for entries in owned.values() for e in entries for p in e.partitions}
    assert everything == existing(counts, frozenset().union(*wishes))


def subscribed(topics: frozenset[str], owned: list[TopicPartition] | None = None) -> Subscribed:
    owned = [] if owned is None else owned
    return Subscribed(
        ConsumerProtocolSubscription(topics=sorted(topics), owned_partitions=owned, generation_id=1)
    )


def test_range_gives_the_same_numbers_of_every_topic_to_the_same_member() -> None:
    members = [Member(f"m{n}", frozenset("ab")) for n in range(2)]
    assert assign_range(members, {"a": 3, "b": 3}) == {
        "m0": {("a", 0), ("a", 1), ("b", 0), ("b", 1)},
        "m1": {("a", 2), ("b", 2)},
    }


def test_round_robin_deals_over_all_topics() -> None:
    members = [Member(f"m{n}", frozenset("ab")) for n in range(2)]
    assert assign_round_robin(members, {"a": 3, "b": 3}) == {
        "m0": {("a", 0), ("a", 2), ("b", 1)},
        "m1": {("a", 1), ("b", 0), ("b", 2)},
    }


def test_a_static_member_keeps_its_place_under_another_id() -> None:
    for member_id in ("m0", "z9"):
        members = [Member(member_id, frozenset("a"), instance_id="i"), Member("m1", frozenset("a"))]
        assert assign_range(members, {"a": 3})[member_id] == {("a", 0), ("a", 1)}


def test_sticky_members_carry_what_they_had() -> None:
    had = [TopicPartition(topic="a", partitions=[1])]
    data = sticky_user_data(had, 3)
    assert sticky_claim(ConsumerProtocolSubscription(user_data=data)) == (3, {("a", 1)})
    assert sticky_claim(ConsumerProtocolSubscription(user_data=data[:-4])) == (-1, {("a", 1)})
    assert sticky_claim(ConsumerProtocolSubscription(user_data=b"junk")) == (-1, frozenset())


def test_the_later_claim_wins_and_equal_ones_cancel_out() -> None:
    x, y = ("a", 0), ("a", 1)
    claims = {"m0": (1, frozenset({x, y})), "m1": (2, frozenset({x})), "m2": (1, frozenset({y}))}
    assert settle_claims(claims) == {"m0": frozenset(), "m1": {x}, "m2": frozenset()}
