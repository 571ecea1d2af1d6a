"""Groups and their offsets."""

from tests.integration.client.admin.steps import Steps

from ottla.client import Admin, TopicPartition
from ottla.client.membership.group_metadata import OffsetAndMetadata
from ottla.core.errors import ErrorCode


async def test_offsets_are_set_listed_and_deleted(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic, 2)
    first, second = TopicPartition(topic, 0), TopicPartition(topic, 1)
    stored = OffsetAndMetadata(7, 0, "why")
    (await admin.alter_group_offsets(topic, {first: 5, second: stored})).checked()
    (await admin.alter_group_offsets(f"{topic}-other", {first: 1})).checked()
    results = await admin.list_group_offsets([topic, f"{topic}-other", f"{topic}-none"])
    assert results.checked() == {
        topic: {first: OffsetAndMetadata(5), second: stored},
        f"{topic}-other": {first: OffsetAndMetadata(1)},
        f"{topic}-none": {},
    }
    some = await admin.list_group_offsets({topic: [second]}, require_stable=True)
    assert some.one(topic) == {second: stored}
    (await admin.delete_group_offsets(topic, [first])).checked()
    assert (await admin.list_group_offsets(topic)).one(topic) == {second: stored}
    missing = await admin.delete_group_offsets(f"{topic}-none", [first])
    assert missing.failed[first].code == ErrorCode.GROUP_ID_NOT_FOUND


async def test_a_group_with_a_member(admin: Admin, steps: Steps, topic: str) -> None:
    await steps.new_topic(topic)
    partition = TopicPartition(topic, 0)
    member_id = await steps.join(topic, topic, instance_id="here")
    (await admin.alter_group_offsets(f"{topic}-empty", {partition: 1})).checked()
    results = await admin.describe_groups([topic, f"{topic}-empty", f"{topic}-none"])
    assert {name: group.state for name, group in results.checked().items()} == {
        topic: "Stable",
        f"{topic}-empty": "Empty",
        f"{topic}-none": "Dead",
    }
    [member] = results.one(topic).members
    assert (member.member_id, member.instance_id) == (member_id, "here")
    assert member.assignment == {partition}
    listed = {group.group_id: group for group in await admin.list_groups()}
    assert (listed[topic].state, listed[topic].group_type.lower()) == ("Stable", "classic")
    stable = [group.group_id for group in await admin.list_groups(states=["Stable"], types=["classic"])]
    assert topic in stable
    assert f"{topic}-empty" not in stable
    assert topic not in [group.group_id for group in await admin.list_groups(types=["consumer"])]

    deleted = await admin.delete_groups([topic, f"{topic}-empty", f"{topic}-none"])
    assert deleted.succeeded == {f"{topic}-empty": None}
    assert {name: error.code for name, error in deleted.failed.items()} == {
        topic: ErrorCode.NON_EMPTY_GROUP,
        f"{topic}-none": ErrorCode.GROUP_ID_NOT_FOUND,
    }
    busy = await admin.alter_group_offsets(topic, {partition: 1})
    assert busy.failed[partition].code == ErrorCode.UNKNOWN_MEMBER_ID

    removed = await admin.remove_static_members(topic, ["here", "nobody"])
    assert removed.succeeded == {"here": None}
    assert removed.failed["nobody"].code == ErrorCode.UNKNOWN_MEMBER_ID
    assert (await admin.describe_groups(topic)).one(topic).members == ()
