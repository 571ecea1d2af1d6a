"""The leader epoch a client believes in, held against ours (KIP-320)."""

from ottla.broker.partition import Partition
from ottla.core.errors import ErrorCode


def check_leader_epoch(partition: Partition, current_leader_epoch: int) -> ErrorCode:
    """NONE when the client's epoch is ours or it names none (-1); else why its knowledge and ours differ."""
    if current_leader_epoch in (-1, partition.leader_epoch):
        return ErrorCode.NONE
    if current_leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    return ErrorCode.UNKNOWN_LEADER_EPOCH
