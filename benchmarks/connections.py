"""Idle connections, from a process of its own: opens them, says so, holds them until its input ends."""

import argparse
import sys

from tests.support.wire import RawConnection


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    held = []
    for _ in range(options.count):
        connection = RawConnection(options.port)
        # One request each: brokers give a connection its buffers when it first speaks.
        connection.api_versions()
        held.append(connection)
    print(len(held), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
