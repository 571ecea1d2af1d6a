"""ListGroups (key 16): the groups that a broker coordinates.

States and a filter by state since v4 (KIP-518), types and a filter by type since v5 (KIP-848).
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ignorable, int16, int32, since, string


class ListGroupsRequest(Message, versions=(0, 5), flexible_from=3):
    states_filter: Annotated[list[string], since(4)] = []
    types_filter: Annotated[list[string], since(5)] = []


class ListGroupsResponse(Message, versions=(0, 5), flexible_from=3):
    throttle_time_ms: Annotated[int32, since(1), ignorable] = 0
    error_code: int16 = 0
    groups: list[ListedGroup] = []


class ListedGroup(Message):
    group_id: string = ""
    protocol_type: string = ""
    group_state: Annotated[string, since(4), ignorable] = ""
    group_type: Annotated[string, since(5), ignorable] = ""
