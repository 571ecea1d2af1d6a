"""DeleteTopics (key 20): remove topics, by name, or since v6 by name or id (KIP-516).

An error text since v5; v6 has a structure per topic in place of the list of names.
"""

from __future__ import annotations

from typing import Annotated

from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, ignorable, int16, int32, nullable, since, string, until, uuid


class DeleteTopicsRequest(Message, versions=(1, 6), flexible_from=4):
    topics: Annotated[list[DeleteTopicState], since(6)] = []
    topic_names: Annotated[list[string], until(5), ignorable] = []
    timeout_ms: int32 = 0


class DeleteTopicState(Message):
    name: string | None = None
    topic_id: uuid = ZERO_UUID


class DeleteTopicsResponse(Message, versions=(1, 6), flexible_from=4):
    throttle_time_ms: int32 = 0
    responses: list[DeletableTopicResult] = []


class DeletableTopicResult(Message):
    name: Annotated[string | None, nullable(6)] = ""
    topic_id: Annotated[uuid, since(6), ignorable] = ZERO_UUID
    error_code: int16 = 0
    error_message: Annotated[string | None, since(5), ignorable] = None
