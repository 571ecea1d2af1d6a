"""Brokers for tests: `Broker` in the test's own process, `BrokerProcess` in one of its own."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.testing.broker import Broker
    from ottla.testing.process import BrokerFailedError, BrokerProcess

_HOMES = {"Broker": "broker", "BrokerFailedError": "process", "BrokerProcess": "process"}

__all__ = ["Broker", "BrokerFailedError", "BrokerProcess"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
