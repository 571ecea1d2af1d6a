"""FindCoordinator (key 10): which broker coordinates a group, a transactional id or a share partition.

One key up to v3, a list of keys from v4 (KIP-699); share partitions since v6 (KIP-932).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int8, int16, int32, since, string, until


class FindCoordinatorRequest(Message, versions=(0, 6), flexible_from=3):
    key: Annotated[string, until(3)] = ""
    key_type: Annotated[int8, since(1)] = 0
    coordinator_keys: Annotated[list[string], since(4)] = []


class FindCoordinatorResponse(Message, versions=(0, 6), flexible_from=3):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    error_code: Annotated[int16, until(3)] = 0
    error_message: Annotated[string | None, since(1), until(3), ignorable] = ""
    node_id: Annotated[int32, until(3)] = 0
    host: Annotated[string, until(3)] = ""
    port: Annotated[int32, until(3)] = 0
    coordinators: Annotated[list[Coordinator], since(4)] = []


class Coordinator(Message):
    key: string = ""
    node_id: int32 = 0
    host: string = ""
    port: int32 = 0
    error_code: int16 = 0
    error_message: string | None = ""
