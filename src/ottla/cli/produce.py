"""Send what stdin says to a topic, one record to a line.

examples:
  echo 'hello' | ottla produce orders
  printf 'k1:v1\\nk2:v2\\n' | ottla produce orders -K :
  ottla produce orders --delimiter '' --compression zstd < picture.png
  ottla consume orders --json | ottla produce copy --json
"""

import argparse
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Literal

from ottla.cli.connecting import add_bootstrap_server, checked_bootstrap_servers, client_options, talk
from ottla.cli.deliveries import Deliveries
from ottla.cli.errors import UsageError
from ottla.cli.escapes import unescape

if TYPE_CHECKING:
    from ottla.cli.json_records import InputRecord
    from ottla.client.config.options import ProducerOptions
    from ottla.client.producing.delivery import Delivery
    from ottla.client.producing.producer import Producer

ACKS: "dict[str, Literal['all', 0, 1]]" = {"all": "all", "-1": "all", "0": 0, "1": 1}
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("topic", metavar="TOPIC")
    add_bootstrap_server(parser)
    _add_input(parser.add_argument_group("input"))
    _add_sending(parser.add_argument_group("sending"))
    parser.set_defaults(run=run)


def _add_input(lines: "argparse._ArgumentGroup") -> None:
    lines.add_argument(
        "--json", action="store_true", help="each line is a record as `ottla consume --json` prints it"
    )
    lines.add_argument("-K", "--key-separator", metavar="TEXT", help="a key comes first, up to this")
    lines.add_argument(
        "-D", "--delimiter", default="\\n", metavar="TEXT", help="ends a record; '' takes all of stdin as one"
    )
    lines.add_argument(
        "-Z", "--null-marker", metavar="TEXT", help="a key or value that is exactly this is null"
    )
    lines.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for every record; may be repeated",
    )
    lines.add_argument(
        "--keep-partitions", action="store_true", help="with --json: send each to the partition it names"
    )


def _add_sending(sending: "argparse._ArgumentGroup") -> None:
    sending.add_argument("-p", "--partition", type=int, metavar="N", help="default: by key, or any")
    sending.add_argument(
        "-a",
        "--acks",
        choices=ACKS,
        default="all",
        help="who must have it: all in-sync replicas, the leader (1), nobody (0)",
    )
    sending.add_argument("-z", "--compression", choices=CODECS, default="none", help="default: none")
    sending.add_argument(
        "--linger-ms", type=int, default=5, metavar="MS", help="wait for more to send together; default: 5"
    )
    sending.add_argument(
        "--batch-size",
        type=int,
        default=262_144,
        metavar="BYTES",
        help="of one partition's batch; default: %(default)s",
    )
    sending.add_argument(
        "--max-request-size",
        type=int,
        default=1_048_576,
        metavar="BYTES",
        help="of the largest record; default: %(default)s",
    )
    sending.add_argument(
        "--timeout-ms",
        type=int,
        default=120_000,
        metavar="MS",
        help="give a record up after this; default: %(default)s",
    )
    sending.add_argument(
        "--print-offsets", action="store_true", help="print topic, partition and offset of each record saved"
    )


def run(options: argparse.Namespace) -> int:
    """Send stdin. Raises CommandError when a record could not be delivered."""
    servers = checked_bootstrap_servers(options.bootstrap_server)
    settings = _options(options)
    records = _records(_parser(options), unescape(options.delimiter))
    return talk(_produce(servers, settings, records, options))


async def _produce(
    servers: str,
    settings: "ProducerOptions",
    records: "AsyncGenerator[InputRecord, None]",
    options: argparse.Namespace,
) -> int:
    from ottla.client.config.settings import ProducerSettings
    from ottla.client.producing.producer import Producer

    deliveries = Deliveries(print_offsets=options.print_offsets, json=options.json)
    from_file = client_options(options, ProducerSettings)
    async with Producer(servers, **{**from_file, **settings}) as producer:
        async with aclosing(records):
            async for record in records:
                deliveries.add(await _send(producer, record, options))
                if deliveries.failure is not None:
                    break
        await producer.flush()
    deliveries.check()
    return 0


async def _send(producer: "Producer", record: "InputRecord", options: argparse.Namespace) -> "Delivery":
    """On its way; waits only while the buffer is full."""
    from ottla.client.producing.buffer_memory import BufferFull

    partition = record.partition if options.keep_partitions else options.partition
    while True:
        try:
            return producer.send_nowait(
                options.topic,
                record.value,
                key=record.key,
                headers=record.headers,
                partition=partition,
                timestamp_ms=record.timestamp_ms,
            )
        except BufferFull:
            await producer.ready()


async def _records(
    parse: "Callable[[bytes, str], InputRecord]", delimiter: bytes
) -> "AsyncGenerator[InputRecord, None]":
    from ottla.cli.input_lines import Splitter
    from ottla.cli.stdin import chunks

    splitter = Splitter(delimiter)
    number = 0
    async with aclosing(chunks()) as stdin:
        async for chunk in stdin:
            for line in splitter.feed(chunk):
                number += 1
                yield parse(line, f"line {number}")
    for line in splitter.end():
        yield parse(line, f"line {number + 1}")


def _parser(options: argparse.Namespace) -> "Callable[[bytes, str], InputRecord]":
    from ottla.cli.input_lines import LineFormat
    from ottla.cli.json_records import record_from_json

    if options.json:
        return record_from_json
    form = LineFormat(
        key_separator=_bytes(options.key_separator),
        null_marker=_bytes(options.null_marker),
        headers=tuple(map(_header, options.header)),
    )
    return form.record


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else unescape(text)


def _header(text: str) -> tuple[str, bytes | None]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--header {text}: write NAME=VALUE")
    return name, value.encode("utf-8", "surrogateescape")


def _options(options: argparse.Namespace) -> "ProducerOptions":
    if options.keep_partitions and not options.json:
        raise UsageError("--keep-partitions needs --json: other lines name no partition")
    if options.json and (options.key_separator or options.null_marker or options.header):
        raise UsageError("with --json, keys, nulls and headers are in the lines; leave -K, -Z and -H out")
    return {
        "acks": ACKS[options.acks],
        "compression_type": options.compression,
        "linger_ms": options.linger_ms,
        "batch_size": options.batch_size,
        "max_request_size": options.max_request_size,
        "delivery_timeout_ms": options.timeout_ms,
    }
