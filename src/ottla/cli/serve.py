"""Start a broker, and serve until Ctrl-C or SIGTERM.

Configs have Apache Kafka's names. They come from FILE, then from the environment (KAFKA_NUM_PARTITIONS is
num.partitions, as in Apache Kafka's Docker image), then from --set; the later wins. Without a FILE, three defaults
are made for development, so that consumer groups begin and change soon: group.initial.rebalance.delay.ms=0 (Apache
Kafka's: 3000), group.consumer.heartbeat.interval.ms=500 (5000) and group.consumer.session.timeout.ms=10000 (45000).

examples:
  ottla serve                                            data in ./data, on 127.0.0.1:9092
  ottla serve --data /var/lib/ottla --set listeners=PLAINTEXT://0.0.0.0:9092
  ottla serve server.properties --set log.flush.acks=none
"""

import argparse
import errno
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ottla
from ottla.cli.errors import CommandError
from ottla.cli.output import print_text, warn
from ottla.cli.process_age import process_age_seconds

if TYPE_CHECKING:
    from ottla.broker.config.broker_config import BrokerConfig
    from ottla.broker.main import Broker


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="configs as in Kafka's server.properties")
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="where everything is kept (log.dirs); default: what FILE says, else ./data",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="NAME=VALUE",
        help="a config; may be repeated",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve; the exit status."""
    level = logging.INFO if options.verbose else logging.WARNING
    return serve(file=options.file, data=options.data, assignments=options.assignments, log_level=level)


def serve(
    *,
    file: str | None = None,
    data: str | None = None,
    assignments: Sequence[str] = (),
    log_level: int = logging.WARNING,
    once_ready: Callable[[], None] | None = None,
) -> int:
    """Serve with the configs of a file, the environment and `assignments`. Raises CommandError."""
    from ottla.broker.main import run as run_broker
    from ottla.cluster.store import StoreError
    from ottla.log.errors import DataDirectoryError

    logging.basicConfig(level=log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = _config(file, [*assignments, *([f"log.dirs={data}"] if data else [])])

    def ready(broker: "Broker") -> None:
        _announce(broker)
        if once_ready is not None:
            once_ready()

    try:
        return run_broker(config, ready)
    except (DataDirectoryError, StoreError) as error:
        raise CommandError(error) from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise CommandError(f"{error.strerror}; {_another_address(str(error))}") from error


def _announce(broker: "Broker") -> None:
    from ottla.net.peer import address_text

    addresses = [address_text(address) for listener in broker.listeners.values() for address in listener]
    directories = [str(Path(directory).resolve()) for directory in broker.config.log_directories]
    age = process_age_seconds()
    took = "" if age is None else f", {age:.2f} s after the process began"
    ready = (
        f"ottla {ottla.__version__} ready at {', '.join(addresses)}, data in {', '.join(directories)}{took}"
    )
    print_text(ready)


def _config(file: str | None, assignments: Sequence[str]) -> "BrokerConfig":
    from ottla.broker.config.broker_config import BrokerConfig
    from ottla.broker.config.definition import ConfigError
    from ottla.broker.config.development import DEVELOPMENT_DEFAULTS
    from ottla.broker.config.settings import gather

    try:
        text = _read(file) if file else ""
        settings = gather(text, os.environ, assignments)
        for warning in settings.warnings:
            warn(f"warning: {warning}")
        return BrokerConfig(settings.texts if file else {**DEVELOPMENT_DEFAULTS, **settings.texts})
    except (ConfigError, ValueError) as error:
        raise CommandError(error) from error


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{file} is no text; give a file such as Kafka's server.properties") from None


def _another_address(problem: str) -> str:
    config = "metrics.listen=" if "metrics.listen" in problem else "listeners=PLAINTEXT://"
    return f"stop what listens there, or choose another address, such as --set {config}127.0.0.1:9192"
