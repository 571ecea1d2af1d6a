"""Ports that somebody has in any way are nobody else's."""

import random
import socket

import pytest

from ottla_examples.orders.trial.ports import free_ports


def test_a_port_that_is_bound_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens: as the near end of a connection
        port = taken.getsockname()[1]
        drawn = iter([port, port, *free_ports(1)])
        monkeypatch.setattr(random, "randrange", lambda *_: next(drawn))
        assert free_ports(1) != [port]


def test_no_port_is_given_twice() -> None:
    assert len(set(free_ports(50))) == 50
