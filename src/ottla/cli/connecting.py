"""What every command that talks to a cluster has in common: where it is, and what becomes of its errors."""

import argparse
import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any

from ottla.cli.errors import CommandError, UsageError
from ottla.core.errors import ErrorCode, KafkaError

DEFAULT_BOOTSTRAP_SERVERS = "127.0.0.1:9092"


def add_bootstrap_server(parser: argparse.ArgumentParser) -> None:
    """The option that all of Kafka's tools have."""
    parser.add_argument(
        "-b",
        "--bootstrap-server",
        metavar="HOST:PORT",
        default=os.environ.get("OTTLA_BOOTSTRAP_SERVERS") or DEFAULT_BOOTSTRAP_SERVERS,
        help="a broker, or several separated by commas; default: $OTTLA_BOOTSTRAP_SERVERS, "
        f"else {DEFAULT_BOOTSTRAP_SERVERS}",
    )


def talk(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` to its exit status. Raises CommandError with what KafkaError said, and the likely fix."""
    logging.basicConfig(level=logging.WARNING, format="ottla: %(message)s")
    try:
        return asyncio.run(work)
    except KafkaError as error:
        raise CommandError(_explained(error)) from error


def checked_bootstrap_servers(text: str) -> str:
    """The option's value. Raises UsageError when it is no list of addresses."""
    from ottla.client.address import parse_addresses

    try:
        parse_addresses(text)
    except ValueError as error:
        raise UsageError(f"--bootstrap-server: {error}") from None
    return text


def _explained(error: KafkaError) -> str:
    if error.code == ErrorCode.BROKER_NOT_AVAILABLE:
        return f"{error} (--bootstrap-server or $OTTLA_BOOTSTRAP_SERVERS names another)"
    return str(error)
