"""Broker configs as tests write them."""

from collections.abc import Mapping


def config_values(
    configs: Mapping[str, object] | None, named_configs: Mapping[str, object]
) -> dict[str, str]:
    """By Kafka's names, as text: `num_partitions=3` is `num.partitions`, and True is `true`."""
    named = {name.replace("_", "."): value for name, value in named_configs.items()}
    return {name: _text(value) for name, value in {**(configs or {}), **named}.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
