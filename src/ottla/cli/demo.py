"""Start a broker here, send a first message through it and show it come back; then serve until Ctrl-C.

examples:
  ottla demo
  ottla demo --port 9192 --data /tmp/ottla
  ottla demo orders                       a whole system of services around a broker; ottla demo orders --help
"""

import argparse
import socket
import subprocess
import sys

from ottla.cli import demo_orders, serve
from ottla.cli.errors import CommandError

HOST = "127.0.0.1"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--port", type=_port, default=9092, metavar="PORT", help="default: 9092")
    parser.add_argument(
        "--data", default="./data", metavar="DIR", help="where messages are kept; default: ./data"
    )
    parser.set_defaults(run=run)
    systems = parser.add_subparsers(metavar="SYSTEM")
    orders = systems.add_parser(
        "orders", help="an order-management system, three ways", description=demo_orders.__doc__
    )
    demo_orders.configure(orders)


def run(options: argparse.Namespace) -> int:
    """Serve, with the first message sent by a process of its own once that is possible."""
    _check_free(options.port)
    servers = f"{HOST}:{options.port}"
    children: list[subprocess.Popen[bytes]] = []

    def send_first_message() -> None:
        command = [sys.executable, "-m", "ottla.cli.first_message", servers]
        children.append(subprocess.Popen(command))  # noqa: S603 - our own program

    try:
        assignments = [f"listeners=PLAINTEXT://{servers}"]
        return serve.serve(data=options.data, assignments=assignments, once_ready=send_first_message)
    finally:
        for child in children:
            child.terminate()
            child.wait()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is no port; write a number from 1 to 65535")
    return int(text)


def _check_free(port: int) -> None:
    """Raises CommandError when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            fix = f"choose another: `make run PORT={port + 100}` or `ottla demo --port {port + 100}`"
            raise CommandError(f"port {port} cannot be had ({error.strerror}); {fix}") from None
