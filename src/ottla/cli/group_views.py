"""Groups for people and for machines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ottla.cli.table import table
from ottla.cli.topic_views import count
from ottla.client.admin import GroupDescription, GroupMember, ListedGroup
from ottla.client.brokers.metadata import TopicPartition

_NONE = "-"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a group is in one partition. None: not known, or nothing committed yet."""

    partition: TopicPartition
    committed: int | None
    end: int | None
    owner: GroupMember | None

    @property
    def lag(self) -> int | None:
        if self.committed is None or self.end is None:
            return None
        return max(self.end - self.committed, 0)


@dataclass(frozen=True, slots=True)
class Move:
    """One partition's offset, before and after a reset."""

    partition: TopicPartition
    current: int | None
    new: int
    end: int

    @property
    def difference(self) -> int | None:
        return None if self.current is None else self.new - self.current


def listing(groups: Sequence[ListedGroup]) -> str:
    """What `groups list` says."""
    rows = [(group.group_id, group.group_type or _NONE, group.state or _NONE) for group in groups]
    return table(("GROUP", "TYPE", "STATE"), rows)


def listed_document(group: ListedGroup) -> dict[str, object]:
    """The same as JSON."""
    return {"group": group.group_id, "type": group.group_type, "state": group.state}


def progress(
    group: GroupDescription,
    committed: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> list[Progress]:
    """Every partition that the group has committed or is assigned."""
    assigned = {partition for member in group.members for partition in member.assignment}
    return [
        Progress(each, committed.get(each), ends.get(each), group.owner(each))
        for each in sorted(assigned | committed.keys())
    ]


def total_lag(rows: Iterable[Progress]) -> int:
    """Of the partitions whose lag is known."""
    return sum(row.lag or 0 for row in rows)


def description(group: GroupDescription, rows: Sequence[Progress]) -> str:
    """What `groups describe` says of one."""
    facts = [
        f"{group.group_type} group",
        group.state,
        count(len(group.members), "member"),
        f"lag {total_lag(rows)}",
    ]
    assignor = f", assignor {group.assignor}" if group.assignor else ""
    lines = [f"{group.group_id}  {', '.join(facts)}; coordinator {group.coordinator}{assignor}"]
    if rows:
        cells = [(*_numbers(row), row.owner.member_id if row.owner else _NONE) for row in rows]
        header = ("TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER")
        lines.append(_indented(table(header, cells)))
    if group.members:
        members = sorted(group.members, key=lambda member: member.member_id)
        lines.append(_indented(table(("MEMBER", "CLIENT", "HOST", "PARTITIONS"), [*map(_member, members)])))
    return "\n".join(lines)


def _numbers(row: Progress) -> tuple[object, ...]:
    return (*row.partition, _shown(row.committed), _shown(row.end), _shown(row.lag))


def _member(member: GroupMember) -> tuple[object, ...]:
    name = f"{member.member_id} ({member.instance_id})" if member.instance_id else member.member_id
    return (name, member.client_id, member.host, len(member.assignment))


def document(group: GroupDescription, rows: Sequence[Progress]) -> dict[str, object]:
    """What `groups describe --json` says of one."""
    return {
        "group": group.group_id,
        "type": group.group_type,
        "state": group.state,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "lag": total_lag(rows),
        "partitions": [
            {
                "topic": row.partition.topic,
                "partition": row.partition.partition,
                "committed": row.committed,
                "end": row.end,
                "lag": row.lag,
                "member": row.owner.member_id if row.owner else None,
            }
            for row in rows
        ],
        "members": [_member_document(member) for member in group.members],
    }


def _member_document(member: GroupMember) -> dict[str, object]:
    return {
        "member": member.member_id,
        "instance": member.instance_id,
        "client": member.client_id,
        "host": member.host,
        "assignment": [list(partition) for partition in sorted(member.assignment)],
    }


def moves_text(moves: Sequence[Move]) -> str:
    """What a reset does, or would do."""
    header = ("TOPIC", "PARTITION", "CURRENT", "NEW", "END", "DIFFERENCE")
    return table(
        header,
        [
            (*move.partition, _shown(move.current), move.new, move.end, _signed(move.difference))
            for move in moves
        ],
    )


def move_document(move: Move) -> dict[str, object]:
    """The same as JSON."""
    topic, partition = move.partition
    return {
        "topic": topic,
        "partition": partition,
        "current": move.current,
        "new": move.new,
        "end": move.end,
        "difference": move.difference,
    }


def _shown(number: int | None) -> object:
    return _NONE if number is None else number


def _signed(number: int | None) -> str:
    return _NONE if number is None else f"{number:+d}" if number else "0"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
