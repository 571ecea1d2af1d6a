"""Print what a topic holds, from the start to the end; or, with --follow, what comes from now on.

examples:
  ottla consume orders                                  everything, then end
  ottla consume orders --follow                         only what comes from now on
  ottla consume orders --follow --from-beginning        everything, and what comes
  ottla consume orders --offset -10                     the last ten of each partition
  ottla consume orders --timestamp 2026-11-22T18:00     what came since then (local time)
  ottla consume orders -f '%p:%o %k = %s\\n' -c 5
  ottla consume orders --group billing                  what nobody of the group has read yet, until Ctrl-C
"""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ottla.cli.connecting import add_bootstrap_server, checked_bootstrap_servers, client_options, talk
from ottla.cli.errors import CommandError, UsageError
from ottla.cli.escapes import unescape
from ottla.cli.output import write_bytes

if TYPE_CHECKING:
    from ottla.cli.formats import Format
    from ottla.cli.start_offsets import Start
    from ottla.client.brokers.metadata import TopicPartition
    from ottla.client.config.options import ConsumerOptions
    from ottla.client.consuming.consumer import Consumer
    from ottla.records.record import RawRecord, Record

_FORMAT_HELP = (
    "%%s value, %%k key, %%h headers, %%o offset, %%p partition, %%t topic, %%T timestamp, "
    "%%S and %%K sizes of value and key, %%R size of value in 4 bytes; no newline is added"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("topic", metavar="TOPIC")
    add_bootstrap_server(parser)
    _add_range(parser.add_argument_group("what to read"))
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="each record as one line of JSON")
    output.add_argument(
        "-f",
        "--format",
        metavar="FORMAT",
        help=_FORMAT_HELP,
    )
    output.add_argument("-K", "--key-separator", metavar="TEXT", help="print the key too, and this after it")
    output.add_argument(
        "-D",
        "--delimiter",
        default="\\n",
        metavar="TEXT",
        help="printed after each record; default: a newline",
    )
    output.add_argument(
        "-Z", "--null-marker", default="", metavar="TEXT", help="printed for null; default: nothing"
    )
    parser.set_defaults(run=run)


def _add_range(reading: "argparse._ArgumentGroup") -> None:
    start = reading.add_mutually_exclusive_group()
    start.add_argument(
        "--from-beginning", action="store_true", help="from the first record; the default without --follow"
    )
    start.add_argument(
        "-o",
        "--offset",
        metavar="OFFSET",
        help="from offset N, -N for the last N, earliest or latest; of each partition",
    )
    start.add_argument(
        "--timestamp",
        metavar="TIME",
        help="from the first record at or after it: ISO 8601, or milliseconds since 1970",
    )
    reading.add_argument(
        "-p",
        "--partition",
        type=_partitions,
        action="extend",
        metavar="N[,N…]",
        help="only these; default: all",
    )
    reading.add_argument(
        "-g",
        "--group",
        metavar="NAME",
        help="share the topic with the group's other members, go on where it has got to, and commit what is "
        "printed; implies --follow. A group without offsets starts with what is new, or --from-beginning",
    )
    reading.add_argument("-c", "--max-messages", type=_positive, metavar="N", help="end after N records")
    reading.add_argument(
        "--follow", action="store_true", help="wait for more until Ctrl-C; default: end at the end"
    )
    reading.add_argument(
        "--max-wait-ms",
        type=int,
        default=500,
        metavar="MS",
        help="how long the broker may hold a request that finds nothing; default: 500",
    )


def run(options: argparse.Namespace) -> int:
    """Print the records."""
    servers = checked_bootstrap_servers(options.bootstrap_server)
    write = _format(options)
    if options.group is not None:
        _check_group(options)
        return talk(_consume_in_group(servers, write, options))
    start = _start(options)
    return talk(_consume(servers, start, write, options))


def _check_group(options: argparse.Namespace) -> None:
    for value, name in (
        (options.offset, "--offset"),
        (options.timestamp, "--timestamp"),
        (options.partition, "--partition"),
    ):
        if value is not None:
            fix = "`ottla groups reset-offsets` moves a group"
            raise UsageError(
                f"{name} does not go with --group, which goes on where the group has got to; {fix}"
            )


async def _consume_in_group(servers: str, write: "Format", options: argparse.Namespace) -> int:
    from ottla.client.config.settings import ConsumerSettings
    from ottla.client.consuming.consumer import Consumer

    settings: ConsumerOptions = {
        "group_id": options.group,
        "auto_offset_reset": "earliest" if options.from_beginning else "latest",
        "auto_commit_interval_ms": 1_000,
        "fetch_max_wait_ms": options.max_wait_ms,
    }
    told = {**client_options(options, ConsumerSettings), **settings}
    async with Consumer(options.topic, bootstrap_servers=servers, **told) as consumer:
        await consumer.partitions_for(options.topic)  # a topic that is not there is not waited for
        printing = _Printing(write, None, options.max_messages)
        while not printing.enough:
            fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=printing.left)
            for partition, records in fetched.items():
                printing.print(partition, records)
    return 0


async def _consume(servers: str, start: "Start", write: "Format", options: argparse.Namespace) -> int:
    from ottla.cli.start_offsets import ranges, start_offsets
    from ottla.client.config.settings import ConsumerSettings
    from ottla.client.consuming.consumer import Consumer

    settings: ConsumerOptions = {"auto_offset_reset": "earliest", "fetch_max_wait_ms": options.max_wait_ms}
    told = {**client_options(options, ConsumerSettings), **settings}
    async with Consumer(bootstrap_servers=servers, **told) as consumer:
        known = await ranges(consumer, await _chosen(consumer, options))
        starts = await start_offsets(consumer, start, known)
        ends = None if options.follow else {partition: known[partition].end for partition in known}
        printing = _Printing(write, ends, options.max_messages)
        consumer.assign(starts)
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        while not printing.enough and not await _is_over(consumer, printing):
            fetched = await consumer.getmany(timeout_ms=_POLL_MS)  # an end may lie behind a control record
            for partition, records in fetched.items():
                printing.print(partition, records)
    return 0


async def _is_over(consumer: "Consumer[bytes, bytes]", printing: "_Printing") -> bool:
    """Whether every partition is read to its end; those that are need no fetching any more."""
    paused = consumer.paused()
    for partition in consumer.assignment() - paused:
        if printing.is_over(partition, await consumer.position(partition)):
            consumer.pause(partition)
    return consumer.paused() == consumer.assignment()


_POLL_MS = 100
"""How long one look for more takes, before it is seen whether the end is reached."""


class _Printing:
    """Writes records until each partition's end, if it has one, and until there are enough."""

    def __init__(
        self, write: "Format", ends: "Mapping[TopicPartition, int] | None", max_messages: int | None
    ) -> None:
        self._write = write
        self._ends = ends
        self.left = max_messages

    @property
    def enough(self) -> bool:
        return self.left == 0

    def is_over(self, partition: "TopicPartition", offset: int) -> bool:
        """Whether there is nothing to print of the partition from `offset` on."""
        return self._ends is not None and offset >= self._ends[partition]

    def print(self, at: "TopicPartition", fetched: "list[Record[Any, Any]]") -> None:
        """Write, and hand it to whoever reads."""
        records = [record for record in fetched if not self.is_over(at, record.offset)]
        if self.left is not None:
            records = records[: self.left]
            self.left -= len(records)
        write_bytes(b"".join([self._write(*at, record) for record in records]))


async def _chosen(consumer: "Consumer[bytes, bytes]", options: argparse.Namespace) -> "list[TopicPartition]":
    partitions = await consumer.partitions_for(options.topic)
    if options.partition is None:
        return partitions
    for number in options.partition:
        if number >= len(partitions):
            there_are = f"it has {len(partitions)}, counted from 0"
            raise CommandError(f"topic {options.topic} has no partition {number}: {there_are}")
    return [partition for partition in partitions if partition.partition in options.partition]


def _start(options: argparse.Namespace) -> "Start":
    from ottla.cli.start_offsets import Anchor, Start, parse_offset, parse_timestamp

    if options.offset is not None:
        return parse_offset(options.offset)
    if options.timestamp is not None:
        return parse_timestamp(options.timestamp)
    return Start(Anchor.LATEST if options.follow and not options.from_beginning else Anchor.EARLIEST)


def _format(options: argparse.Namespace) -> "Format":
    from ottla.cli.formats import compile_format
    from ottla.cli.json_records import record_to_json

    if options.json:
        if options.format is not None or options.key_separator is not None:
            raise UsageError("--json is a format of its own; leave --format and --key-separator out")
        return lambda topic, partition, record: record_to_json(topic, partition, record) + b"\n"
    null_marker = unescape(options.null_marker)
    if options.format is not None:
        return compile_format(options.format, null_marker)
    delimiter = unescape(options.delimiter)
    separator = None if options.key_separator is None else unescape(options.key_separator)
    return _plain(delimiter, separator, null_marker)


def _plain(delimiter: bytes, key_separator: bytes | None, null_marker: bytes) -> "Format":
    def value(_topic: str, _partition: int, record: "RawRecord") -> bytes:
        return (null_marker if record.value is None else record.value) + delimiter

    def key_and_value(topic: str, partition: int, record: "RawRecord") -> bytes:
        key = null_marker if record.key is None else record.key
        return key + (key_separator or b"") + value(topic, partition, record)

    return value if key_separator is None else key_and_value


def _partitions(text: str) -> list[int]:
    numbers = text.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"{text}: write numbers from 0 on, such as 3 or 0,2")
    return [int(number) for number in numbers]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return int(text)
