"""List and describe transactions; find those that hang, and end them.

examples:
  ottla transactions list --state Ongoing --longer-than 1h
  ottla transactions describe billing-0                        state, producer, partitions
  ottla transactions find-hanging                              open in a partition, known to no coordinator
  ottla transactions abort orders:3 --start-offset 4711        end one in one partition
"""

import argparse
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ottla.cli.connecting import add_bootstrap_server, checked_bootstrap_servers, client_options, talk
from ottla.cli.errors import CommandError, UsageError
from ottla.cli.output import print_json, print_text

if TYPE_CHECKING:
    from ottla.client.admin import Admin
    from ottla.client.brokers.metadata import TopicPartition

Action = Callable[["Admin", argparse.Namespace], Coroutine[Any, Any, None]]

LONGEST_TRANSACTION = "15m"
"""The default of transaction.max.timeout.ms."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the four actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", "transactional ids, with their producer and state", list_transactions)
    listing.add_argument(
        "--state", action="append", default=[], metavar="STATE", help="such as Ongoing; may be repeated"
    )
    listing.add_argument("--producer-id", action="append", default=[], type=int, metavar="N")
    listing.add_argument("--longer-than", metavar="TIME", help="transactions that last longer: 90s, 1h30m")
    listing.add_argument("--pattern", metavar="REGEX", help="ids that match as a whole, in RE2's syntax")
    describe = _action(actions, "describe", "what the coordinator knows of an id", describe_transactions)
    describe.add_argument("ids", nargs="+", metavar="TRANSACTIONAL_ID")
    abort = _action(actions, "abort", "end a hanging transaction in one partition", abort_transaction)
    abort.add_argument("partition", metavar="TOPIC:PARTITION")
    abort.add_argument(
        "--start-offset", type=int, required=True, metavar="N", help="where find-hanging says that it begins"
    )
    hanging = _action(actions, "find-hanging", "open transactions that nobody will end", find_hanging)
    hanging.add_argument("--topic", action="append", dest="topics", metavar="TOPIC", help="default: all")
    hanging.add_argument(
        "--max-transaction-timeout",
        default=LONGEST_TRANSACTION,
        metavar="TIME",
        help=f"the longest timeout that producers may ask for; default: {LONGEST_TRANSACTION}",
    )


def _action(
    actions: "argparse._SubParsersAction[Any]", name: str, summary: str, action: Action
) -> argparse.ArgumentParser:
    text = f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=text)
    add_bootstrap_server(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.set_defaults(run=lambda options: _run(action, options))
    return parser


def _run(action: Action, options: argparse.Namespace) -> int:
    servers = checked_bootstrap_servers(options.bootstrap_server)
    _read(options)

    async def work() -> int:
        from ottla.client.admin import Admin
        from ottla.client.config.settings import AdminSettings

        async with Admin(servers, **client_options(options, AdminSettings)) as admin:
            await action(admin, options)
        return 0

    return talk(work())


def _read(options: argparse.Namespace) -> None:
    """Times and partitions as numbers, before anything is asked. Raises UsageError."""
    from ottla.cli.offset_targets import duration_ms, parse_scope

    if getattr(options, "longer_than", None) is not None:
        options.longer_than = duration_ms(options.longer_than)
    if hasattr(options, "max_transaction_timeout"):
        options.max_transaction_timeout = duration_ms(options.max_transaction_timeout)
    if hasattr(options, "partition"):
        ((topic, numbers),) = parse_scope([options.partition]).items()
        if numbers is None or len(numbers) != 1:
            raise UsageError(
                f"{options.partition}: write a topic and one of its partitions, such as orders:3"
            )
        options.partition = topic, next(iter(numbers))


async def list_transactions(admin: "Admin", options: argparse.Namespace) -> None:
    """Each id's coordinator, producer and state."""
    from ottla.cli.transaction_views import listed_document, listing

    found = await admin.list_transactions(
        states=options.state,
        producer_ids=options.producer_id,
        running_longer_than_ms=-1 if options.longer_than is None else options.longer_than,
        pattern=options.pattern,
    )
    if options.json:
        print_json([listed_document(each) for each in found])
    elif found:
        print_text(listing(found))


async def describe_transactions(admin: "Admin", options: argparse.Namespace) -> None:
    """Each id, one after the other."""
    from ottla.cli.transaction_views import description, document
    from ottla.core.errors import ErrorCode, KafkaError

    documents: list[dict[str, object]] = []
    for number, name in enumerate(options.ids):
        try:
            found = (await admin.describe_transactions(name)).one(name)
        except KafkaError as error:
            if error.code is not ErrorCode.TRANSACTIONAL_ID_NOT_FOUND:
                raise
            hint = "`ottla transactions list` shows those that do"
            raise CommandError(f"transactional id {name} does not exist; {hint}") from None
        if options.json:
            documents.append(document(found))
        else:
            print_text(("\n" if number else "") + description(found, admin.now_ms()))
    if options.json:
        print_json(documents)


async def abort_transaction(admin: "Admin", options: argparse.Namespace) -> None:
    """A marker for the one partition, whatever the coordinator knows."""
    from ottla.client.brokers.metadata import TopicPartition
    from ottla.core.errors import ErrorCode, KafkaError

    partition = TopicPartition(*options.partition)
    try:
        producer = await admin.abort_transaction(partition, options.start_offset)
    except KafkaError as error:
        if error.code is ErrorCode.RESOURCE_NOT_FOUND:
            raise CommandError(f"{error}; `ottla transactions find-hanging` says where they begin") from None
        raise
    if options.json:
        print_json({"partition": str(partition), "producerId": producer.producer_id, "aborted": True})
    else:
        print_text(f"{partition}: aborted the transaction of producer {producer.producer_id}")


async def find_hanging(admin: "Admin", options: argparse.Namespace) -> None:
    """Those that the partitions have open and the coordinators do not know."""
    from ottla.cli.transaction_views import hanging, hanging_document

    partitions = await _partitions(admin, options.topics)
    found = await admin.find_hanging_transactions(partitions, silent_for_ms=options.max_transaction_timeout)
    if options.json:
        print_json([hanging_document(each) for each in found])
    elif found:
        print_text(hanging(found, admin.now_ms()))
    else:
        print_text(f"none in {len(partitions)} partitions")


async def _partitions(admin: "Admin", topics: list[str] | None) -> "list[TopicPartition]":
    """Raises CommandError for a topic that does not exist."""
    from ottla.cli.partitions import existing

    if topics is None:
        topics = [topic.name for topic in await admin.list_topics()]
    partitions = await existing(admin, topics)
    for missing in set(topics) - {partition.topic for partition in partitions}:
        raise CommandError(f"topic {missing} does not exist; `ottla topics list` shows those that do")
    return sorted(partitions)
