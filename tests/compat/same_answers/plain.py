"""A reply as one line of text: only what is not a default, nothing that may differ from run to run.

Ids, sessions, ports, directories and moments become words. An error's message is left out: its wording is each
broker's own, and Ottla has one with errors that Apache Kafka leaves without. Lists are sorted: no order in a reply
means anything, but for records, which are told batch by batch.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from ottla.core.errors import ErrorCode
from ottla.core.zero_uuid import ZERO_UUID
from ottla.records.batch import Batch, batches
from ottla.records.control import read_end_transaction_marker
from ottla.records.reader import read_records
from ottla.wire.messages.api_versions import ApiVersionsResponse
from ottla.wire.messages.fetch import FetchableTopicResponse
from ottla.wire.schema import Message
from ottla.wire.types import Buffer

EPOCH_MS = 1_700_000_000_000
"""What the stories' timestamps are counted from."""
NOW_MARGIN_MS = 600_000
TEXTS = {"error_message", "batch_index_error_message"}
NUMBERED = {"session_id": "session", "producer_id": "producer"}
WORDS = {"port": "port", "cluster_id": "cluster", "log_dir": "directory", "documentation": "text"}
MOMENTS = {"log_append_time_ms", "timestamp", "last_timestamp"}
UNTOLD = {
    "PartitionProduceResponse": {"log_start_offset"},
    "PartitionData": {"aborted_transactions"},
}
"""What Apache Kafka tells with some errors and not with others."""
COMPARED = {0, 1, 2, 3, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 44, 60, 74, 75}
FEW = 10
BYTES_OF_A_DISK = {"total_bytes", "usable_bytes"}


def moment(timestamp: int) -> str:
    """A timestamp relative to the stories' own, or «now»."""
    if abs(timestamp - time.time() * 1000) < NOW_MARGIN_MS:
        return "now"
    distance = timestamp - EPOCH_MS
    return f"t{distance:+}" if abs(distance) < NOW_MARGIN_MS else str(timestamp)


@dataclass
class Names:
    """Words for the ids that one story has met."""

    topics: dict[bytes, str] = field(default_factory=dict)
    numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def topic(self, topic_id: bytes) -> str:
        return f"id({self.topics.get(topic_id, 'unknown')})"

    def number(self, kind: str, value: int) -> str:
        known = [key for key in self.numbers if key[0] == kind]
        return f"{kind}#{self.numbers.setdefault((kind, value), len(known) + 1)}"


class Plain:
    """Makes the text."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def message(self, message: Message) -> str:
        failed = getattr(message, "error_code", 0) != 0
        untold = {"error_message"} | UNTOLD.get(type(message).__name__, set()) if failed else set()
        fields = (self._field(message, name) for name in message.__slots__ if name not in untold)
        return " ".join(each for each in fields if each) or "-"

    def _field(self, message: Message, name: str) -> str:
        value, default = getattr(message, name), type(message).__defaults__[name]
        if isinstance(message, ApiVersionsResponse):
            return self._versions(message, name)
        if isinstance(value, list):
            if name == "configs" and len(value) > FEW:
                return f"configs={len(value)} of them"
            return f"{name}={self._list(value)}" if value else ""
        if isinstance(value, Message):
            inner = self.message(value)
            return f"{name}=({inner})" if inner != "-" else ""
        if value == default:
            return ""
        return f"{name}={self._value(name, value)}"

    def _versions(self, message: ApiVersionsResponse, name: str) -> str:
        """Only what both brokers serve: Ottla has fewer APIs and features yet (see its handler)."""
        if name == "api_keys":
            told = [each for each in message.api_keys if each.api_key in COMPARED or message.error_code]
            return f"api_keys={self._list(told)}"
        return f"error_code={ErrorCode(message.error_code).name}" if name == "error_code" else ""

    def _list(self, values: list[Any]) -> str:
        if values and isinstance(values[0], FetchableTopicResponse):
            values = _merged(values)
        if values and isinstance(values[0], Message):
            return "[" + ", ".join(sorted(f"({self.message(each)})" for each in values)) + "]"
        return "[" + ", ".join(map(str, values)) + "]"

    def _value(self, name: str, value: object) -> str:  # noqa: PLR0911 - one return for each kind of field
        if name in TEXTS or name in WORDS:
            return "null" if value is None else WORDS.get(name, "text")
        if isinstance(value, bytes) and name.endswith("_id"):
            return "none" if value == ZERO_UUID else self.names.topic(value)
        if name == "records":
            assert value is None or isinstance(value, memoryview)
            return "null" if value is None else self.records(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return "null" if value is None else str(value)
        if name.endswith("error_code"):
            return ErrorCode(value).name
        if name in NUMBERED and value >= 0:
            return self.names.number(NUMBERED[name], value)
        if name in BYTES_OF_A_DISK:
            return "bytes"
        return moment(value) if name in MOMENTS else str(value)

    def records(self, records: Buffer) -> str:
        """Every whole batch; a last one that is cut off does not count."""
        return "[" + ", ".join(map(self._batch, batches(records))) + "]"

    def _batch(self, batch: Batch) -> str:
        words = [f"{batch.base_offset}..{batch.last_offset} epoch {batch.partition_leader_epoch}"]
        if batch.attributes:
            words.append(f"attributes {batch.attributes}")
        if batch.producer_id >= 0:
            producer = self.names.number("producer", batch.producer_id)
            words.append(f"{producer}/{batch.producer_epoch} sequence {batch.base_sequence}")
        words.append(f"until {moment(batch.max_timestamp)}{'' if batch.crc_is_valid() else ' BAD CRC'}:")
        marker = read_end_transaction_marker(batch) if batch.is_control else None
        if marker is not None:
            return " ".join([*words, marker.control_type.name.lower()])
        words += [f"{moment(each.timestamp)} {_short(each.value)}" for each in read_records(batch)]
        return " ".join(words)


def _merged(topics: list[FetchableTopicResponse]) -> list[FetchableTopicResponse]:
    """One entry for each topic; Apache Kafka opens a second one for what it could not read."""
    merged: dict[tuple[str, bytes], FetchableTopicResponse] = {}
    for topic in topics:
        empty = FetchableTopicResponse(topic=topic.topic, topic_id=topic.topic_id, partitions=[])
        merged.setdefault((topic.topic, topic.topic_id), empty).partitions.extend(topic.partitions)
    return list(merged.values())


def _short(value: Buffer | None) -> str:
    text = "null" if value is None else bytes(value).decode()
    return text if len(text) < 20 else f"{text[:4]}…x{len(text)}"
