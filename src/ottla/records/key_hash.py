"""The partition of a record's key, by the hash that all Kafka clients agree on: by the implementation in use."""

from typing import TYPE_CHECKING

from ottla.records.implementation import IMPLEMENTATION

if TYPE_CHECKING or IMPLEMENTATION == "pure":
    from ottla.records.pure.key_hash import indexes_by_partition, murmur2, partition_for_key
else:
    from ottla.records._native import indexes_by_partition, murmur2, partition_for_key

__all__ = ["indexes_by_partition", "murmur2", "partition_for_key"]
