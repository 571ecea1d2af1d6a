"""For tests: `Broker` and `BrokerThread` in the test's process, `BrokerProcess` in one of its own; `Proxy`, a network
that fails."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.testing.broker import Broker
    from ottla.testing.broker_thread import BrokerThread
    from ottla.testing.network import Faults, Proxy
    from ottla.testing.process import BrokerFailedError, BrokerProcess

_HOMES = {
    "Broker": "broker",
    "BrokerFailedError": "process",
    "BrokerProcess": "process",
    "BrokerThread": "broker_thread",
    "Faults": "network",
    "Proxy": "network",
}

__all__ = ["Broker", "BrokerFailedError", "BrokerProcess", "BrokerThread", "Faults", "Proxy"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
