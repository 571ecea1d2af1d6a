"""The client's memberships against the coordinator, with delays, losses, hanging members and restarts at random.

Two applications never read the same partition at one moment; and once things calm down, every partition that
somebody wants is read.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.groups import GroupShell
from tests.support.members import Node, advance, classic, consumer

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.machine import Membership, Wanted
from ottla.core.errors import ErrorCode
from ottla.groups.config import GroupConfig

_TOPICS = st.sampled_from([frozenset("a"), frozenset("ab"), frozenset("b")])
_some = st.data()


class Interleaving(RuleBasedStateMachine):
    """One group, up to four members, any order of events."""

    config = GroupConfig(group_initial_rebalance_delay_ms=0)

    def __init__(self) -> None:
        super().__init__()
        self.shell = GroupShell(self.config, a=3, b=2)
        self.nodes: list[Node] = []
        self.gone: list[Node] = []
        self.count = 0
        self.statics = 0

    def machine(self, instance_id: str | None) -> Membership:
        raise NotImplementedError

    def pick(self, data: st.DataObject) -> Node:
        return data.draw(st.sampled_from(self.nodes))

    @precondition(lambda self: len(self.nodes) < 4)
    @rule(topics=_TOPICS)
    def come(self, topics: frozenset[str]) -> None:
        self.count += 1
        self.nodes.append(Node(self.shell, self.machine(None), topics))

    @precondition(lambda self: len(self.nodes) < 4)
    @rule(instance=st.sampled_from(["i1", "i2"]))
    def come_as_static(self, instance: str) -> None:
        if instance not in {node.machine.config.instance_id for node in self.nodes + self.gone}:
            self.count += 1
            self.statics += 1
            self.nodes.append(Node(self.shell, self.machine(instance), frozenset("ab")))

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def send(self, data: st.DataObject) -> None:
        self.pick(data).send()

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def hear(self, data: st.DataObject) -> None:
        self.pick(data).hear()

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def break_connection(self, data: st.DataObject) -> None:
        self.pick(data).break_connection()

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def look_up(self, data: st.DataObject) -> None:
        self.pick(data).look_up()

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def carry_out(self, data: st.DataObject) -> None:
        self.pick(data).carry_out()

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def poll(self, data: st.DataObject) -> None:
        self.pick(data).poll()

    @precondition(lambda self: self.nodes)
    @rule(times=st.integers(1, 4))
    def all_do_everything(self, times: int) -> None:
        for _ in range(times):
            for node in self.nodes:
                node.everything()

    @precondition(lambda self: self.nodes)
    @rule(data=_some, topics=_TOPICS)
    def subscribe_anew(self, data: st.DataObject, topics: frozenset[str]) -> None:
        node = self.pick(data)
        if node.machine.config.instance_id is None:
            node.topics = topics
            node.machine.subscribe(Wanted(topics), self.shell.now_ms)

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def leave(self, data: st.DataObject) -> None:
        node = self.pick(data)
        self.nodes.remove(node)
        node.ticket = None
        node.machine.quit()
        for _ in range(4):
            node.carry_out()
            node.send()
            node.hear()
        assert node.machine.is_out
        assert not node.machine.owned

    @precondition(lambda self: self.nodes)
    @rule(data=_some)
    def hang(self, data: st.DataObject) -> None:
        node = self.pick(data)
        self.nodes.remove(node)
        node.hangs = True
        self.gone.append(node)

    @rule(ms=st.sampled_from([1, 100, 3_000, 9_000, 12_000, 50_000, 70_000]))
    def time_passes(self, ms: int) -> None:
        advance(self.shell, self.nodes + self.gone, ms)

    @rule()
    def coordinator_restarts(self) -> None:
        """A static member's new id may be lost with it; with the one before it, it is fenced, as in Apache Kafka."""
        self.shell.restart()

    @rule()
    def fenced_ones_end(self) -> None:
        self.gone += [node for node in self.nodes if node.machine.failure]
        self.nodes = [node for node in self.nodes if not node.machine.failure]

    @rule(partitions=st.integers(3, 5))
    def topic_grows(self, partitions: int) -> None:
        counts = {topic.name: topic.partition_count for topic in self.shell.topics.by_name.values()}
        # A static leader that was away does not know what its last assignment was made for (KIP-814).
        if partitions > counts["b"] and not self.statics:
            self.shell.set_topics(a=counts["a"], b=partitions)

    @invariant()
    def nobody_fails_but_static_ones(self) -> None:
        for node in self.nodes:
            failure = node.machine.failure
            assert failure is None or (
                failure.code is ErrorCode.FENCED_INSTANCE_ID and node.machine.config.instance_id
            )

    @invariant()
    def no_partition_has_two_readers(self) -> None:
        seen: dict[TopicPartition, Node] = {}
        for node in self.nodes + self.gone:
            for partition in node.reads:
                assert partition not in seen, f"{partition} has two readers"
                seen[partition] = node

    def teardown(self) -> None:
        """Everything calms down: who is left shares what they want."""
        for _ in range(90):
            advance(self.shell, self.nodes + self.gone, 1_000)
            for node in self.nodes:
                for _ in range(3):
                    node.everything()
                    self.no_partition_has_two_readers()
        self.nobody_fails_but_static_ones()
        self.fenced_ones_end()
        read = sorted(partition for node in self.nodes for partition in node.reads)
        assert read == sorted({partition for node in self.nodes for partition in node.wanted()})
        for node in self.nodes:
            assert node.reads <= node.wanted()


class Eager(Interleaving):
    """Consumers as they are by default: everybody gives up everything before they join."""

    def machine(self, instance_id: str | None) -> Membership:
        return classic(self.shell, ("range", "cooperative-sticky"), instance_id)


class Sticky(Interleaving):
    """Eager, and assigned so that they keep what they had."""

    def machine(self, instance_id: str | None) -> Membership:
        return classic(self.shell, ("sticky",), instance_id)


class Cooperative(Interleaving):
    """Consumers that keep their partitions while they rebalance (KIP-429)."""

    def machine(self, instance_id: str | None) -> Membership:
        return classic(self.shell, ("cooperative-sticky",), instance_id)


class Consumer(Interleaving):
    """Consumers of KIP-848."""

    def machine(self, instance_id: str | None) -> Membership:
        return consumer(self.shell, str(self.count), instance_id)


class Mixed(Interleaving):
    """Both protocols in one group."""

    def machine(self, instance_id: str | None) -> Membership:
        if self.count % 2:
            return classic(self.shell, ("range", "cooperative-sticky"), instance_id)
        return consumer(self.shell, str(self.count), instance_id)


_EFFORT = settings(max_examples=30, stateful_step_count=50, deadline=None)


_LONG_EFFORT = settings(max_examples=2000, stateful_step_count=100, deadline=None)


def _case(machine: type[Interleaving]) -> type:
    machine.TestCase.settings = _EFFORT
    return machine.TestCase


def _long_case(machine: type[Interleaving]) -> type:
    """The same, for as long as it takes to believe it."""
    case = type(f"Long{machine.__name__}", (machine,), {}).TestCase
    case.settings = _LONG_EFFORT
    return pytest.mark.heavy(pytest.mark.timeout(1800)(case))


TestEager = _case(Eager)
TestSticky = _case(Sticky)
TestCooperative = _case(Cooperative)
TestConsumer = _case(Consumer)
TestMixed = _case(Mixed)

TestLongEager = _long_case(Eager)
TestLongSticky = _long_case(Sticky)
TestLongCooperative = _long_case(Cooperative)
TestLongConsumer = _long_case(Consumer)
TestLongMixed = _long_case(Mixed)
