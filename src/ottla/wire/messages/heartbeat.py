"""Heartbeat (key 12): a member of a classic group is alive, and hears whether the group is rebalancing.

Static members since v3 (KIP-345).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int16, int32, since, string


class HeartbeatRequest(Message, versions=(0, 4), flexible_from=4):
    group_id: string = ""
    generation_id: int32 = 0
    member_id: string = ""
    group_instance_id: Annotated[string | None, since(3)] = None


class HeartbeatResponse(Message, versions=(0, 4), flexible_from=4):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    error_code: int16 = 0
