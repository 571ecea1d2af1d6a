"""The UUID that stands for none. Apart from `ottla.core.ids`, which draws chance, so that pure floors may know it."""

from typing import Final

ZERO_UUID: Final = bytes(16)
"""Kafka's «no id»: in a request it means that the name is given instead."""
