"""Random interleavings of what happens to groups, and what must hold whatever happens.

Two consumers never believe to own the same partition, neither within one generation nor at one moment;
epochs and generations never go back; a coordinator that only read the log knows what the live one has
written down; and once things calm down, every partition is owned.
"""

from dataclasses import fields
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.group_clients import GROUP, ClassicClient, Client, ConsumerClient
from tests.support.groups import GroupShell

from ottla.groups.classic.group import ClassicGroup
from ottla.groups.config import GroupConfig, Migration
from ottla.groups.consumer.group import ConsumerGroup
from ottla.groups.coordinator import GroupCoordinator

_SOFT = {"checked_version", "resolved"}
_VERSIONS = st.sampled_from([0, 3, 5, 9])


def persistent(coordinator: GroupCoordinator) -> dict[str, Any]:
    """Everything that a restart must keep."""
    state: dict[str, Any] = {}
    for group_id, group in coordinator.groups.items():
        offsets = {(key.topic, key.partition): value for key, value in coordinator.offsets.of_group(group_id)}
        if isinstance(group, ConsumerGroup):
            known = {
                field.name: getattr(group, field.name) for field in fields(group) if field.name not in _SOFT
            }
            state[group_id] = ("consumer", known, offsets)
        else:
            state[group_id] = ("classic", group.stored, offsets)
    return state


class Interleaving(RuleBasedStateMachine):
    """One group, up to five consumers, any order of events."""

    config = GroupConfig(group_initial_rebalance_delay_ms=0)

    def __init__(self) -> None:
        super().__init__()
        self.shell = GroupShell(self.config, a=3, b=2)
        self.clients: list[Client] = []
        self.gone: list[Client] = []
        self.count = 0
        self.statics = 0
        self.generation_id = 0
        self.epoch = 0

    def add(self, client: Client) -> None:
        self.clients.append(client)
        client.step()

    def next_name(self) -> str:
        self.count += 1
        return f"c{self.count}"

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.clients)).step()

    @precondition(lambda self: self.clients)
    @rule()
    def everyone_steps(self) -> None:
        for client in self.clients:
            client.step()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        self.clients.remove(client)
        client.leave()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        self.clients.remove(client)
        client.owned = frozenset()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def hang(self, data: st.DataObject) -> None:
        """It stops to talk, but goes on to believe."""
        client = data.draw(st.sampled_from(self.clients))
        self.clients.remove(client)
        self.gone.append(client)

    @rule(ms=st.sampled_from([1, 100, 3_000, 9_000, 12_000, 50_000, 70_000]))
    def time_passes(self, ms: int) -> None:
        self.shell.advance(ms)

    @rule()
    def coordinator_restarts(self) -> None:
        self.shell.restart()

    @rule(partitions=st.integers(1, 4))
    def topic_grows(self, partitions: int) -> None:
        counts = {topic.name: topic.partition_count for topic in self.shell.topics.by_name.values()}
        # A static leader that was away does not know what its last assignment was made for (KIP-814).
        if partitions > counts["b"] and not self.statics:
            self.shell.set_topics(a=counts["a"], b=partitions)

    @invariant()
    def no_partition_has_two_owners(self) -> None:
        seen: dict[tuple[str, int], str] = {}
        for client in self.clients + self.gone:
            for partition in client.believes_to_own:
                assert partition not in seen, f"{partition}: {client.name} and {seen[partition]}"
                seen[partition] = client.name

    @invariant()
    def no_partition_has_two_owners_in_a_generation(self) -> None:
        seen: dict[tuple[int, tuple[str, int]], str] = {}
        for client in self.clients + self.gone:
            for generation_id, parts in client.parts.items():
                for partition in parts:
                    owner = seen.setdefault((generation_id, partition), client.name)
                    assert owner == client.name

    @invariant()
    def epochs_never_go_back(self) -> None:
        group = self.shell.coordinator.groups.get(GROUP)
        if isinstance(group, ConsumerGroup):
            assert self.epoch <= group.epoch
            assert group.assignment_epoch <= group.epoch
            assert all(current.epoch <= group.assignment_epoch for current in group.currents.values())
            self.epoch = self.generation_id = group.epoch
        elif isinstance(group, ClassicGroup) and group.stored is not None:
            assert self.generation_id <= group.stored.generation <= group.generation_id
            self.epoch = self.generation_id = group.stored.generation
        elif group is None:  # an empty one without offsets does not last, and begins anew
            self.epoch = self.generation_id = 0
            for client in self.clients + self.gone:
                client.parts = {}

    @invariant()
    def what_is_held_is_held_once(self) -> None:
        group = self.shell.coordinator.groups.get(GROUP)
        if isinstance(group, ConsumerGroup):
            held = [(p, member_id) for member_id, current in group.currents.items() for p in current.held]
            assert len(held) == len(dict(held))
            assert group.owners == dict(held)

    @invariant()
    def the_log_tells_it_all(self) -> None:
        assert persistent(self.shell.replayed()) == persistent(self.shell.coordinator)

    def teardown(self) -> None:
        """Everything calms down: who is left shares all partitions."""
        for _ in range(60):
            self.shell.advance(2_500)
            for client in self.clients:
                client.step()
            self.no_partition_has_two_owners()
            self.epochs_never_go_back()
        self.the_log_tells_it_all()
        owned = [partition for client in self.clients for partition in client.owned]
        assert sorted(owned) == sorted(self.wanted()), [
            (client.name, client.topics, client.owned) for client in self.clients
        ]

    def wanted(self) -> set[tuple[str, int]]:
        topics = self.shell.topics
        return {
            (name, partition)
            for client in self.clients
            for name in topics.by_name
            if name in client.topics or getattr(client, "regex", None)
            for partition in range(topics.by_name[name].partition_count)
        }


class ClassicInterleaving(Interleaving):
    """Only consumers of the classic protocol, eager ones."""

    @precondition(lambda self: len(self.clients) < 5)
    @rule(version=_VERSIONS, topics=st.sampled_from([["a"], ["a", "b"]]))
    def come(self, version: int, topics: list[str]) -> None:
        self.add(ClassicClient(self.shell, self.next_name(), topics, version=version))

    @precondition(lambda self: len(self.clients) < 5)
    @rule(instance=st.sampled_from(["i1", "i2"]), version=st.sampled_from([5, 9]))
    def static_comes(self, instance: str, version: int) -> None:
        if instance not in {client.instance_id for client in self.clients + self.gone}:
            self.statics += 1
            self.add(ClassicClient(self.shell, self.next_name(), ["a", "b"], instance, version))


class CooperativeInterleaving(Interleaving):
    """Consumers that keep their partitions while they rebalance (KIP-429)."""

    config = GroupConfig(group_initial_rebalance_delay_ms=3_000)

    @precondition(lambda self: len(self.clients) < 5)
    @rule(topics=st.sampled_from([["a"], ["a", "b"]]))
    def come(self, topics: list[str]) -> None:
        self.add(ClassicClient(self.shell, self.next_name(), topics, strategy="cooperative-sticky"))


class ConsumerInterleaving(Interleaving):
    """Only consumers of KIP-848."""

    @precondition(lambda self: len(self.clients) < 5)
    @rule(topics=st.sampled_from([["a"], ["a", "b"], []]), regex=st.sampled_from([None, "a|b"]))
    def come(self, topics: list[str], regex: str | None) -> None:
        self.add(ConsumerClient(self.shell, self.next_name(), topics, regex=regex))

    @precondition(lambda self: len(self.clients) < 5)
    @rule(instance=st.sampled_from(["i1", "i2"]))
    def static_comes(self, instance: str) -> None:
        if instance not in {client.instance_id for client in self.clients + self.gone}:
            self.add(ConsumerClient(self.shell, self.next_name(), ["a", "b"], instance))

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def reply_is_lost(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        assert isinstance(client, ConsumerClient)
        client.step(loses_reply=True)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), topics=st.sampled_from([["a"], ["b"], ["a", "b"]]))
    def subscribes_to_other_topics(self, data: st.DataObject, topics: list[str]) -> None:
        client = data.draw(st.sampled_from(self.clients))
        assert isinstance(client, ConsumerClient)
        client.topics, client.reported = topics, None


class MixedInterleaving(Interleaving):
    """Both protocols in one group, which changes its kind as they come and go."""

    @precondition(lambda self: len(self.clients) < 5)
    @rule(version=_VERSIONS)
    def classic_comes(self, version: int) -> None:
        self.add(ClassicClient(self.shell, self.next_name(), ["a", "b"], version=version))

    @precondition(lambda self: len(self.clients) < 5)
    @rule()
    def consumer_comes(self) -> None:
        self.add(ConsumerClient(self.shell, self.next_name(), ["a", "b"]))

    @precondition(lambda self: len(self.clients) < 5)
    @rule(instance=st.sampled_from(["i1", "i2"]), classic=st.booleans())
    def static_comes(self, instance: str, classic: bool) -> None:
        if instance in {client.instance_id for client in self.clients + self.gone}:
            return
        if classic:
            self.statics += 1
            self.add(ClassicClient(self.shell, self.next_name(), ["a", "b"], instance))
        else:
            self.add(ConsumerClient(self.shell, self.next_name(), ["a", "b"], instance))


class OneWayInterleaving(MixedInterleaving):
    """As above, where a group only ever becomes a consumer group."""

    config = GroupConfig(
        group_initial_rebalance_delay_ms=0, group_consumer_migration_policy=Migration.UPGRADE
    )


_EFFORT = settings(max_examples=40, stateful_step_count=40, deadline=None)


def _case(machine: type[Interleaving]) -> type:
    machine.TestCase.settings = _EFFORT
    return machine.TestCase


TestClassic = _case(ClassicInterleaving)
TestCooperative = _case(CooperativeInterleaving)
TestConsumer = _case(ConsumerInterleaving)
TestMixed = _case(MixedInterleaving)
TestOneWay = _case(OneWayInterleaving)
