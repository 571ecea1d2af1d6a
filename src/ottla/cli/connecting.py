"""What every command that talks to a cluster has in common: where it is, and what becomes of its errors."""

import argparse
import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ottla.cli.errors import CommandError, UsageError
from ottla.core.errors import ErrorCode, KafkaError

if TYPE_CHECKING:
    from ottla.client.config.settings import ClientSettings

DEFAULT_BOOTSTRAP_SERVERS = "127.0.0.1:9092"


def add_bootstrap_server(parser: argparse.ArgumentParser) -> None:
    """The options that all of Kafka's tools have: where the cluster is, and how to be let in."""
    parser.add_argument(
        "-b",
        "--bootstrap-server",
        metavar="HOST:PORT",
        default=os.environ.get("OTTLA_BOOTSTRAP_SERVERS") or DEFAULT_BOOTSTRAP_SERVERS,
        help="a broker, or several separated by commas; default: $OTTLA_BOOTSTRAP_SERVERS, "
        f"else {DEFAULT_BOOTSTRAP_SERVERS}",
    )
    parser.add_argument(
        "--command-config",
        metavar="FILE",
        default=os.environ.get("OTTLA_COMMAND_CONFIG") or None,
        help="a .properties file of a Java client or librdkafka, such as TLS and SASL need; "
        "default: $OTTLA_COMMAND_CONFIG",
    )


def talk(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` to its exit status.

    Raises CommandError with what KafkaError said, and the likely fix; UsageError for an option's value.
    """
    from ottla.client.config.options import OptionError

    logging.basicConfig(level=logging.WARNING, format="ottla: %(message)s")
    try:
        return asyncio.run(work)
    except OptionError as error:
        raise UsageError(error) from error
    except KafkaError as error:
        raise CommandError(_explained(error)) from error


def checked_bootstrap_servers(text: str) -> str:
    """The option's value. Raises UsageError when it is no list of addresses."""
    from ottla.client.brokers.address import parse_addresses

    try:
        parse_addresses(text)
    except ValueError as error:
        raise UsageError(f"--bootstrap-server: {error}") from None
    return text


def client_options(options: argparse.Namespace, kind: "type[ClientSettings]") -> dict[str, Any]:
    """What the file of --command-config says, as this client's options. Raises UsageError.

    Servers that it names are those of another day: --bootstrap-server counts.
    """
    if options.command_config is None:
        return {}
    from ottla.broker.config.properties import parse_properties
    from ottla.client.config.names import from_config
    from ottla.client.config.options import OptionError
    from ottla.client.config.settings import settings_from

    try:
        with open(options.command_config, encoding="utf-8") as file:
            _, told = from_config(kind, parse_properties(file.read()))
        settings_from(kind, told)
    except OSError as error:
        raise UsageError(f"--command-config {options.command_config}: {error.strerror}") from None
    except (OptionError, ValueError) as error:
        raise UsageError(f"--command-config {options.command_config}: {error}") from None
    return told


def _explained(error: KafkaError) -> str:
    if error.code == ErrorCode.BROKER_NOT_AVAILABLE:
        return f"{error} (--bootstrap-server or $OTTLA_BOOTSTRAP_SERVERS names another)"
    return str(error)
