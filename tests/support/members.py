"""Members of a group, the client's own machines, in one process with a coordinator; every delay is a choice."""

from ottla.client.brokers.metadata import TopicPartition
from ottla.client.membership.assignment import assignors_named
from ottla.client.membership.classic import ClassicMembership
from ottla.client.membership.consumer import ConsumerMembership
from ottla.client.membership.machine import ChangeKind, MemberConfig, Membership, Partitions, Wanted
from ottla.core.errors import ErrorCode, KafkaError
from tests.support.groups import GroupShell

GROUP = "group"


class Node:
    """One consumer: its machine, and the request that is under way."""

    def __init__(self, shell: GroupShell, machine: Membership, topics: frozenset[str]) -> None:
        self.shell = shell
        self.machine = machine
        self.topics = topics
        self.ticket: int | None = None
        self.hangs = False
        """It says and hears nothing any more, but its application reads on."""
        machine.subscribe(Wanted(topics), shell.now_ms)

    @property
    def reads(self) -> Partitions:
        """What its application would read from now."""
        machine = self.machine
        if machine.abandons:
            return frozenset()
        if machine.change is not None and machine.change.kind is ChangeKind.LOST:
            return machine.owned - machine.change.partitions
        return machine.owned

    def send(self) -> None:
        """Whatever is due."""
        if self.hangs or self.ticket is not None:
            return
        request = self.machine.request(self.shell.now_ms)
        if request is not None:
            self.ticket = self.shell.send(request)

    def hear(self) -> None:
        """The answer, if there is one."""
        if self.hangs or self.ticket is None or self.ticket not in self.shell.replies:
            return
        reply, self.ticket = self.shell.replies[self.ticket], None
        self.machine.answered(reply, self.shell.now_ms)

    def break_connection(self) -> None:
        """Whatever comes as an answer is lost."""
        if self.ticket is not None and not self.hangs:
            self.ticket = None
            self.machine.failed(KafkaError(ErrorCode.NETWORK_EXCEPTION, "cut"), self.shell.now_ms)

    def look_up(self) -> None:
        """What the machine wants to know about topics."""
        topics = self.shell.topics
        if isinstance(self.machine, ClassicMembership):
            counts = {name: topic.partition_count for name, topic in topics.by_name.items()}
            wanted = self.machine.topics_to_count
            self.machine.counted({name: count for name, count in counts.items() if name in wanted})
        elif isinstance(self.machine, ConsumerMembership):
            self.machine.named({topic.topic_id: name for name, topic in topics.by_name.items()})

    def carry_out(self) -> None:
        """The application does what it has to."""
        if self.machine.change is not None:
            self.machine.done()

    def poll(self) -> None:
        self.machine.polled(self.shell.now_ms)

    def everything(self) -> None:
        """All of it, once, as a healthy consumer does all the time."""
        self.poll()
        self.hear()
        self.look_up()
        self.carry_out()
        self.send()

    def wanted(self) -> set[TopicPartition]:
        by_name = self.shell.topics.by_name
        return {
            TopicPartition(name, number)
            for name in self.topics
            if name in by_name
            for number in range(by_name[name].partition_count)
        }


def config(**changes: object) -> MemberConfig:
    values: dict[str, object] = {
        "group_id": GROUP,
        "session_timeout_ms": 10_000,
        "max_poll_interval_ms": 60_000,
        "assignors": assignors_named(("range",)),
        **changes,
    }
    return MemberConfig(**values)  # type: ignore[arg-type]


def classic(
    shell: GroupShell, strategies: tuple[str, ...], instance_id: str | None = None
) -> ClassicMembership:
    assignors = assignors_named(strategies)
    return ClassicMembership(config(assignors=assignors, instance_id=instance_id), shell.now_ms)


def consumer(shell: GroupShell, name: str, instance_id: str | None = None) -> ConsumerMembership:
    made = config(session_timeout_ms=45_000, instance_id=instance_id)
    return ConsumerMembership(made, f"member-{name}", shell.now_ms)


def advance(shell: GroupShell, nodes: list[Node], ms: int) -> None:
    """Time passes, for the coordinator and for everybody's own clock; nobody says anything meanwhile."""
    end_ms = shell.now_ms + ms
    while True:
        wakes = [wake for node in nodes if (wake := node.machine.wake_at_ms()) is not None]
        next_ms = min((wake for wake in wakes if wake > shell.now_ms), default=end_ms)
        shell.advance(min(next_ms, end_ms) - shell.now_ms)
        for node in nodes:
            node.machine.tick(shell.now_ms)
        if shell.now_ms >= end_ms:
            return
