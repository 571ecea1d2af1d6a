"""List, describe and delete consumer groups, and move their offsets.

examples:
  ottla groups list
  ottla groups describe billing                                       members, offsets, lag
  ottla groups reset-offsets billing --topic orders --to-earliest     show what would change
  ottla groups reset-offsets billing --topic orders:0,2 --shift-by -10 --execute
  ottla groups reset-offsets billing --all-topics --by-duration 1h30m --execute
  ottla groups delete billing
"""

import argparse
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from ottla.cli.connecting import add_bootstrap_server, checked_bootstrap_servers, client_options, talk
from ottla.cli.errors import CommandError
from ottla.cli.output import print_json, print_text
from ottla.cli.partitions import committed, existing, ranges

if TYPE_CHECKING:
    from ottla.cli.group_views import Progress
    from ottla.client.admin import Admin, GroupDescription
    from ottla.client.brokers.metadata import TopicPartition

Action = Callable[["Admin", argparse.Namespace], Coroutine[Any, Any, None]]
_TARGETS = {
    "to_offset": ("N", "to this offset"),
    "to_timestamp": ("TIME", "to the first record at or after it: ISO 8601, or milliseconds since 1970"),
    "by_duration": ("TIME", "to what came since so long ago: 1h30m, 2d, PT15M"),
    "shift_by": ("N", "forward by N from where the group is; back if N is negative"),
}

STATES = ("Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Stable", "Dead")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the four actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", "all groups, with their type and state", list_groups)
    states = f"only those in this state: {', '.join(STATES)}"
    listing.add_argument("--state", metavar="STATE", type=_state, choices=STATES, help=states)
    listing.add_argument("--type", choices=("classic", "consumer"), help="only those of this protocol")
    describe = _action(actions, "describe", "members, assignments, offsets and lag", describe_groups)
    describe.add_argument("groups", nargs="*", metavar="GROUP", help="default: all")
    reset = _action(actions, "reset-offsets", "move a group without members to other offsets", reset_offsets)
    reset.add_argument("group", metavar="GROUP")
    _add_scope(reset)
    _add_target(reset)
    mode = reset.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="only show what would change; the default")
    mode.add_argument("--execute", action="store_true", help="change it")
    delete = _action(actions, "delete", "delete groups without members, and their offsets", delete_groups)
    delete.add_argument("groups", nargs="+", metavar="GROUP")


def _state(text: str) -> str:
    """In whatever case, as Kafka's own tool takes it."""
    return next((state for state in STATES if state.lower() == text.lower()), text)


def _action(
    actions: "argparse._SubParsersAction[Any]", name: str, summary: str, action: Action
) -> argparse.ArgumentParser:
    text = f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=text)
    add_bootstrap_server(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.set_defaults(run=lambda options: _run(action, options))
    return parser


def _add_scope(parser: argparse.ArgumentParser) -> None:
    scope = parser.add_argument_group("what to move").add_mutually_exclusive_group(required=True)
    scope.add_argument(
        "--topic",
        action="append",
        default=[],
        dest="topics",
        metavar="TOPIC[:PARTITIONS]",
        help="a topic, or some of its partitions (orders:0,2); may be repeated",
    )
    scope.add_argument(
        "--all-topics", action="store_true", help="every topic that the group has committed offsets of"
    )


def _add_target(parser: argparse.ArgumentParser) -> None:
    target = parser.add_argument_group("where to").add_mutually_exclusive_group(required=True)
    target.add_argument("--to-earliest", action="store_true", help="to the first record there is")
    target.add_argument("--to-latest", action="store_true", help="to the end: only what comes from now on")
    for name, (metavar, text) in _TARGETS.items():
        target.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=text)


def _run(action: Action, options: argparse.Namespace) -> int:
    servers = checked_bootstrap_servers(options.bootstrap_server)
    if hasattr(options, "execute"):
        from ottla.cli.offset_targets import parse_scope, parse_target

        words = {name: getattr(options, name) for name in _TARGETS}
        options.target = parse_target(words, earliest=options.to_earliest, latest=options.to_latest)
        options.scope = parse_scope(options.topics)

    async def work() -> int:
        from ottla.client.admin import Admin
        from ottla.client.config.settings import AdminSettings

        async with Admin(servers, **client_options(options, AdminSettings)) as admin:
            await action(admin, options)
        return 0

    return talk(work())


async def list_groups(admin: "Admin", options: argparse.Namespace) -> None:
    """Name, type and state of each."""
    from ottla.cli.group_views import listed_document, listing

    groups = await admin.list_groups(
        states=[options.state] if options.state else [], types=[options.type] if options.type else []
    )
    if options.json:
        print_json([listed_document(group) for group in groups])
    elif groups:
        print_text(listing(groups))


async def describe_groups(admin: "Admin", options: argparse.Namespace) -> None:
    """Each group, one after the other."""
    from ottla.cli.group_views import description, document

    names = options.groups or [group.group_id for group in await admin.list_groups()]
    documents: list[dict[str, object]] = []
    for number, name in enumerate(names):
        group, rows = await _described(admin, name)
        if options.json:
            documents.append(document(group, rows))
        else:
            print_text(("\n" if number else "") + description(group, rows))
    if options.json:
        print_json(documents)


async def _described(admin: "Admin", name: str) -> "tuple[GroupDescription, list[Progress]]":
    from ottla.cli.group_views import progress

    group = (await admin.describe_groups(name)).one(name)
    if not group.exists:
        raise CommandError(f"group {name} does not exist; `ottla groups list` shows those that do")
    stored = await committed(admin, name)
    assigned = {partition for member in group.members for partition in member.assignment}
    known = await existing(admin, {partition.topic for partition in assigned | stored.keys()})
    ends = {each: end for each, (_, end) in (await ranges(admin, known)).items()}
    return group, progress(group, stored, ends)


async def reset_offsets(admin: "Admin", options: argparse.Namespace) -> None:
    """Show each partition's current, new and end offset; with --execute, commit the new ones."""
    from ottla.cli.group_views import Move, move_document, moves_text
    from ottla.cli.offset_targets import new_offsets

    await _check_has_no_members(admin, options.group)
    current = await committed(admin, options.group)
    partitions = await _partitions(admin, options, current)
    known = await ranges(admin, partitions)
    offsets = await new_offsets(admin, options.target, current, known)
    moves = [Move(each, current.get(each), offsets[each], known[each][1]) for each in sorted(offsets)]
    if options.execute:
        (await admin.alter_group_offsets(options.group, offsets)).checked()
    if options.json:
        rows = [move_document(move) for move in moves]
        print_json({"group": options.group, "executed": options.execute, "partitions": rows})
        return
    print_text(moves_text(moves))
    if not options.execute:
        print_text("nothing is changed yet; --execute does it")


async def _check_has_no_members(admin: "Admin", name: str) -> None:
    """A member would go on where it is, and commit over what was set."""
    group = (await admin.describe_groups(name)).one(name)
    if group.members:
        who = ", ".join(f"{member.client_id} at {member.host.lstrip('/')}" for member in group.members)
        raise CommandError(f"group {name} has members ({who}); stop them first")


async def _partitions(
    admin: "Admin", options: argparse.Namespace, current: "Mapping[TopicPartition, int]"
) -> "set[TopicPartition]":
    """Those that were asked for. Raises CommandError for one that does not exist."""
    if options.all_topics:
        if not current:
            raise CommandError(f"group {options.group} has no offsets; --topic names what it shall read")
        return await existing(admin, {partition.topic for partition in current})
    known = await existing(admin, options.scope)
    chosen: set[TopicPartition] = set()
    for topic, numbers in options.scope.items():
        there = {each.partition: each for each in known if each.topic == topic}
        if not there:
            raise CommandError(f"topic {topic} does not exist; `ottla topics list` shows those that do")
        for number in there if numbers is None else numbers:
            if number not in there:
                raise CommandError(f"topic {topic} has no partition {number}; it has 0 to {max(there)}")
            chosen.add(there[number])
    return chosen


async def delete_groups(admin: "Admin", options: argparse.Namespace) -> None:
    """Delete each; the first that fails ends it."""
    from ottla.core.errors import ErrorCode, KafkaError

    for name in options.groups:
        try:
            (await admin.delete_groups(name)).one(name)
        except KafkaError as error:
            if error.code == ErrorCode.NON_EMPTY_GROUP:
                await _check_has_no_members(admin, name)
            if error.code != ErrorCode.GROUP_ID_NOT_FOUND:
                raise
            message = f"group {name} does not exist; `ottla groups list` shows those that do"
            raise CommandError(message) from None
        if not options.json:
            print_text(f"{name}: deleted")
    if options.json:
        print_json([{"group": name, "deleted": True} for name in options.groups])
