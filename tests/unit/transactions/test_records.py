"""The records against Apache Kafka's definitions, where they are at hand, and the example of the format page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ottla.transactions.records import (
    PartitionsSchema,
    TransactionLogKey,
    TransactionLogValue,
    TransactionRecord,
    decode,
    encode,
)
from ottla.transactions.states import State
from ottla.wire.fields import EVER, Array, fields_of
from ottla.wire.schema import Message, MessageType
from ottla.wire.types import WireError

REPOSITORY = Path(__file__).parents[3]
DEFINITIONS = REPOSITORY.parent / "shared" / "reference" / "messages" / "transaction-coordinator"
PAGE = REPOSITORY / "docs" / "formats" / "transaction-state.md"

EXAMPLE = TransactionRecord(
    TransactionLogKey(transactional_id="billing-1"),
    TransactionLogValue(
        producer_id=1_000,
        previous_producer_id=1_000,
        producer_epoch=7,
        transaction_timeout_ms=60_000,
        transaction_status=State.PREPARE_COMMIT.number,
        transaction_partitions=[
            PartitionsSchema(topic="__consumer_offsets", partition_ids=[12]),
            PartitionsSchema(topic="orders", partition_ids=[0, 3]),
        ],
        transaction_last_update_timestamp_ms=1_760_000_000_250,
        transaction_start_timestamp_ms=1_760_000_000_000,
        client_transaction_version=2,
    ),
)


def versions(text: str) -> tuple[int, int]:
    first, dash, last = text.removesuffix("+").partition("-")
    return int(first), EVER if text.endswith("+") else int(last) if dash else int(first)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.skipif(not DEFINITIONS.exists(), reason="Apache Kafka's definitions are not here")
@pytest.mark.parametrize("cls", [TransactionLogKey, TransactionLogValue], ids=lambda cls: cls.__name__)
def test_as_kafka_defines_it(cls: type[Message]) -> None:
    text = (DEFINITIONS / f"{cls.__name__}.json").read_text()
    wanted = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    first, last = versions(wanted["validVersions"])
    assert cls.__versions__ == (first, last)
    flexible = None if wanted["flexibleVersions"] == "none" else versions(wanted["flexibleVersions"])[0]
    assert cls.__flexible_from__ == flexible
    assert wanted["apiKey"] == 0
    check_fields(cls, wanted["fields"], last)


def check_fields(cls: MessageType, wanted: list[dict[str, Any]], last: int) -> None:
    fields = fields_of(cls)
    assert [field.name for field in fields] == [snake(one["name"]) for one in wanted]
    for field, one in zip(fields, wanted, strict=True):
        first, until = versions(one.get("versions") or one["taggedVersions"])
        assert [field.exists(v) for v in range(last + 1)] == [first <= v <= until for v in range(last + 1)]
        assert field.tag == one.get("tag")
        assert field.ignorable == one.get("ignorable", False)
        nullable = versions(one["nullableVersions"]) if "nullableVersions" in one else (EVER, EVER)
        for version in range(first, last + 1):
            assert field.may_be_null(version) == (nullable[0] <= version <= nullable[1])
        element = field.type.element if isinstance(field.type, Array) else field.type
        assert one["type"].startswith("[]") == isinstance(field.type, Array)
        if isinstance(element, MessageType):
            assert element.__name__ == one["type"].removeprefix("[]")
            check_fields(element, one["fields"], last)
        else:
            assert str(element) == one["type"].removeprefix("[]")
            if not isinstance(element, Array) and not isinstance(field.type, Array):
                assert field.default == one.get("default", element.default)


def test_the_example_of_the_format_page() -> None:
    key, value = (
        bytes.fromhex(block) for block in re.findall(r"```hex\n(.*?)```", PAGE.read_text(), re.DOTALL)
    )
    assert decode(key, value) == EXAMPLE
    assert encode(EXAMPLE) == (key, value)


def test_version_0_leaves_out_what_it_cannot_say() -> None:
    key, value = encode(EXAMPLE, 0)
    assert value is not None
    read = decode(key, value)
    assert read is not None
    assert read.value is not None
    assert EXAMPLE.value is not None
    assert (read.value.previous_producer_id, read.value.client_transaction_version) == (-1, 0)
    assert read.value.transaction_partitions == EXAMPLE.value.transaction_partitions
    assert read.value.producer_epoch == 7
    assert encode(read, 0) == (key, value)


def test_tombstones_other_kinds_and_damage() -> None:
    gone = TransactionRecord(EXAMPLE.key, None)
    assert decode(*encode(gone)) == gone
    assert decode(b"\0\1\0\1x", None) is None
    key, value = encode(EXAMPLE)
    assert value is not None
    for bad_key, bad_value in (
        (b"", None),
        (key[:5], None),
        (key, b"\0"),
        (key, b"\0\x07"),
        (key, value[:20]),
    ):
        with pytest.raises(WireError):
            decode(bad_key, bad_value)
