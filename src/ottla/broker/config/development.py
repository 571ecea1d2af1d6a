"""What is right for one broker on somebody's own machine, where Apache Kafka's defaults are for production."""

from collections.abc import Mapping
from types import MappingProxyType

DEVELOPMENT_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "group.initial.rebalance.delay.ms": "0",
        "group.consumer.heartbeat.interval.ms": "500",
        "group.consumer.session.timeout.ms": "10000",
    }
)
"""Set where nobody wrote a file of configs.

A single consumer need not wait three seconds for others to come, nor a group of the consumer protocol five for each of
its members to hear of a change. A killed consumer's partitions are read on after ten seconds, not forty-five: members
of this protocol cannot ask for a session of their own, and twenty heartbeats are patience enough.
"""
