"""Message classes as Python objects: constructor, defaults, equality, copies, wrong declarations."""

import copy
import pickle
from typing import Annotated

import pytest

from ottla.wire.fields import fields_of
from ottla.wire.messages.fetch import FetchResponse, LeaderIdAndEpoch, PartitionData
from ottla.wire.messages.heartbeat import HeartbeatRequest
from ottla.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from ottla.wire.schema import Message
from ottla.wire.types import ZERO_UUID, WireError, int32, since


def test_defaults_are_kafkas_and_new_for_each_message() -> None:
    one, other = PartitionData(), PartitionData()
    assert (one.high_watermark, one.last_stable_offset, one.records) == (0, -1, None)
    assert one.current_leader == LeaderIdAndEpoch(leader_id=-1, leader_epoch=-1)
    assert one.current_leader is not other.current_leader
    assert one.aborted_transactions == []
    assert one.aborted_transactions is not other.aborted_transactions
    assert TopicProduceData().topic_id == ZERO_UUID


def test_the_constructor_takes_known_keywords_only() -> None:
    with pytest.raises(TypeError):
        HeartbeatRequest("group")  # type: ignore[call-arg, misc]
    with pytest.raises(TypeError):
        HeartbeatRequest(group="group")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        HeartbeatRequest().group = "group"  # type: ignore[attr-defined]


def test_equality_is_by_value_and_class() -> None:
    one = ProduceRequest(acks=1, topic_data=[TopicProduceData(name="t")])
    assert one == ProduceRequest(acks=1, topic_data=[TopicProduceData(name="t")])
    assert one != ProduceRequest(acks=1, topic_data=[TopicProduceData(name="u")])
    assert one != ProduceRequest(acks=1, topic_data=[TopicProduceData(name="t")], unknown_tags=((9, b""),))
    assert FetchResponse() != ProduceRequest()
    assert PartitionProduceData(records=b"abc") == PartitionProduceData(records=memoryview(b"abc"))
    with pytest.raises(TypeError):
        hash(one)


def test_repr_and_copies() -> None:
    message = HeartbeatRequest(group_id="g", generation_id=3)
    assert (
        repr(message)
        == "HeartbeatRequest(group_id='g', generation_id=3, member_id='', group_instance_id=None)"
    )
    assert copy.deepcopy(message) == message == pickle.loads(pickle.dumps(message))


def test_a_part_has_no_versions_of_its_own() -> None:
    with pytest.raises(WireError, match="only a part"):
        LeaderIdAndEpoch().encode(12)
    with pytest.raises(WireError, match="only a part"):
        LeaderIdAndEpoch.decode(bytes(9), 12)


@pytest.mark.parametrize("version", [-1, 2, 14, 99])
def test_versions_that_are_not_there(version: int) -> None:
    with pytest.raises(WireError, match="ProduceRequest has versions 3 to 13"):
        ProduceRequest().encode(version)
    with pytest.raises(WireError, match="ProduceRequest has versions 3 to 13"):
        ProduceRequest.decode(b"", version)


def test_a_field_without_default_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="'number' has no default"):
        type(Message)("Wrong", (Message,), {"__annotations__": {"number": "int32"}})


class PlainInteger(Message, versions=(0, 0)):
    number: int = 0


def test_an_annotation_that_is_not_of_the_wire_is_refused_at_first_use() -> None:
    with pytest.raises(TypeError, match=r"PlainInteger\.number: <class 'int'> is no wire type"):
        PlainInteger()


class Evolving(Message, versions=(0, 2), flexible_from=2):
    old: int32 = 7
    new: Annotated[int32, since(1)] = -1


def test_a_class_of_ones_own() -> None:
    """Annotations may be objects as well as text: this module has no `from __future__ import annotations`."""
    assert [(field.name, field.since, field.default) for field in fields_of(Evolving)] == [
        ("old", 0, 7),
        ("new", 1, -1),
    ]
    assert b"".join(Evolving(new=2).encode(2)).hex() == "000000070000000200"
    assert Evolving.decode(bytes.fromhex("0000000100000002"), 1) == (Evolving(old=1, new=2), 8)
    assert Evolving.decode(bytes.fromhex("00000001"), 0) == (Evolving(old=1), 4)
