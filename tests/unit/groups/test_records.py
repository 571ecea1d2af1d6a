"""The records against Apache Kafka's definitions, where they are at hand, and the example of the format page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ottla.groups.records import codec, consumer
from ottla.groups.records.classic import GroupMetadataKey, GroupMetadataValue, MemberMetadata
from ottla.groups.records.codec import GroupRecord, decode, encode
from ottla.groups.records.offsets import OffsetCommitKey, OffsetCommitValue
from ottla.wire.fields import EVER, Array, Field, fields_of
from ottla.wire.schema import Message, MessageType
from ottla.wire.types import Fresh, WireError

REPOSITORY = Path(__file__).parents[3]
DEFINITIONS = REPOSITORY.parent / "shared" / "reference" / "messages" / "group-coordinator"
PAGE = REPOSITORY / "docs" / "formats" / "consumer-offsets.md"
KINDS = {number: kind for number, kind in codec._KINDS.items() if number > 0}
LISTED = [cls for kind in KINDS.values() for cls in (kind.key, kind.value)]


def definition(name: str) -> dict[str, Any]:
    text = (DEFINITIONS / f"{name}.json").read_text()
    loaded: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    return loaded


def versions(text: str) -> tuple[int, int]:
    first, dash, last = text.removesuffix("+").partition("-")
    return int(first), EVER if text.endswith("+") else int(last) if dash else int(first)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.skipif(not DEFINITIONS.exists(), reason="Apache Kafka's definitions are not here")
@pytest.mark.parametrize("cls", LISTED, ids=lambda cls: cls.__name__)
def test_as_kafka_defines_it(cls: type[Message]) -> None:
    wanted = definition(cls.__name__)
    first, last = versions(wanted["validVersions"])
    assert cls.__versions__ == (first, last)
    flexible = None if wanted["flexibleVersions"] == "none" else versions(wanted["flexibleVersions"])[0]
    assert cls.__flexible_from__ == flexible
    number = next(n for n, kind in KINDS.items() if cls in (kind.key, kind.value))
    assert wanted["apiKey"] == number
    structures = {one["name"]: one["fields"] for one in wanted.get("commonStructs", [])}
    check_fields(cls, wanted["fields"], structures, last)


def check_fields(
    cls: MessageType, wanted: list[dict[str, Any]], structures: dict[str, Any], last: int
) -> None:
    fields = fields_of(cls)
    assert [field.name for field in fields] == [snake(one["name"]) for one in wanted]
    for field, one in zip(fields, wanted, strict=True):
        first, until = versions(one["versions"])
        assert [field.exists(v) for v in range(last + 1)] == [first <= v <= until for v in range(last + 1)]
        assert field.tag == one.get("tag")
        assert field.ignorable == one.get("ignorable", False)
        null_first, null_last = (
            versions(one["nullableVersions"]) if "nullableVersions" in one else (EVER, EVER)
        )
        for version in range(first, min(last, until) + 1):
            assert field.may_be_null(version) == (null_first <= version <= null_last)
        check_type(field, one, structures, last)


def check_type(field: Field, one: dict[str, Any], structures: dict[str, Any], last: int) -> None:
    element = field.type.element if isinstance(field.type, Array) else field.type
    assert one["type"].startswith("[]") == isinstance(field.type, Array)
    name = one["type"].removeprefix("[]")
    if isinstance(element, MessageType):
        assert element.__name__ == name
        check_fields(element, one.get("fields") or structures[name], structures, last)
    else:
        assert str(element) == name
        if not isinstance(field.type, Array) and not isinstance(field.default, Fresh):
            default = {"null": None, None: element.default}.get(one.get("default"), one.get("default"))
            assert field.default == (int(default) if str(default).lstrip("-").isdigit() else default)


def test_the_written_versions() -> None:
    """As Kafka 4.2 writes them: 3 for classic groups, 4 for offsets, or 1 where an offset has its own expiry."""
    members = [MemberMetadata(member_id="m", group_instance_id="i")]
    records = [
        GroupRecord(
            GroupMetadataKey(group="g"), GroupMetadataValue(protocol=None, leader=None, members=members)
        ),
        GroupRecord(OffsetCommitKey(group="g", topic="t"), OffsetCommitValue(offset=1, topic_id=b"i" * 16)),
        GroupRecord(OffsetCommitKey(group="g", topic="t"), OffsetCommitValue(offset=1, expire_timestamp=5)),
        GroupRecord(OffsetCommitKey(group="g", topic="t"), None),
    ]
    encoded = [encode(record) for record in records]
    assert [value and value[:2].hex() for _, value in encoded] == ["0003", "0004", "0001", None]
    assert [decode(key, value) for key, value in encoded] == records


def test_a_member_that_is_no_classic_one_says_so() -> None:
    """Left out, Kafka would take the field for a classic member without protocols."""
    key = consumer.ConsumerGroupMemberMetadataKey(group_id="g", member_id="m")
    value = consumer.ConsumerGroupMemberMetadataValue(classic_member_metadata=None)
    _, encoded = encode(GroupRecord(key, value))
    assert encoded is not None
    assert encoded.endswith(bytes.fromhex("01 00 01 00"))
    assert decode(*encode(GroupRecord(key, value))) == GroupRecord(key, value)


def test_the_oldest_offset_key_is_read() -> None:
    record = GroupRecord(OffsetCommitKey(group="g", topic="t", partition=1), None)
    key, _ = encode(record)
    assert decode(b"\0\0" + key[2:], None) == record


def test_other_kinds_are_passed_over_and_damage_is_an_error() -> None:
    assert decode(b"\0\x0b\0\1g", None) is None  # a share group's
    for key, value in ((b"", None), (b"\0\1\0", None), (b"\0\2\0\1g", b"\0"), (b"\0\2\0\1g", b"\0\x09")):
        with pytest.raises(WireError):
            decode(key, value)


def test_the_example_of_the_format_page() -> None:
    text = PAGE.read_text()
    key, value = (bytes.fromhex(block) for block in re.findall(r"```hex\n(.*?)```", text, re.DOTALL))
    record = decode(key, value)
    assert record == GroupRecord(
        OffsetCommitKey(group="billing", topic="orders", partition=3),
        OffsetCommitValue(offset=42, leader_epoch=1, metadata="ok", commit_timestamp=1_760_000_000_000),
    )
    assert encode(record) == (key, value)
