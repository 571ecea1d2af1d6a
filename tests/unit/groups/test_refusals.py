"""Every request can be refused as a whole, in every version."""

import pytest

from ottla.core.errors import ErrorCode, KafkaError
from ottla.groups import refusals
from ottla.groups.offsets.requests import asked_groups, fetch_response
from ottla.groups.refusals import refusal
from ottla.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from ottla.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchResponseGroup,
)
from ottla.wire.registry import all_apis
from ottla.wire.schema import Message

BUSY = KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, "not yet")
REQUESTS = sorted(set(refusals._REFUSALS) - {OffsetFetchRequestGroup}, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", REQUESTS)
def test_the_refusal_fits_every_version(cls: type[Message]) -> None:
    (api,) = (api for api in all_apis() if api.request is cls)
    for version in range(api.min_version, api.max_version + 1):
        response = refusal(cls(), BUSY, version)
        assert type(response) is api.response
        read = api.response.decode(b"".join(response.encode(version)), version)[0]
        assert getattr(read, "error_code", BUSY.code) == BUSY.code


def test_an_api_without_a_code_of_its_own_puts_it_on_every_partition() -> None:
    partition = OffsetCommitRequestPartition(partition_index=3)
    request = OffsetCommitRequest(topics=[OffsetCommitRequestTopic(name="a", partitions=[partition])])
    response = refusal(request, BUSY, 9)
    assert "partition_index=3, error_code=14" in repr(response).replace(
        "<ErrorCode.COORDINATOR_LOAD_IN_PROGRESS: 14>", "14"
    )


@pytest.mark.parametrize("version", range(1, 11))
def test_offset_fetch_is_refused_group_by_group(version: int) -> None:
    request = OffsetFetchRequest(
        group_id="g", topics=[OffsetFetchRequestTopic(name="a", partition_indexes=[1])]
    )
    request.groups = [OffsetFetchRequestGroup(group_id="g")]
    answers: list[OffsetFetchResponseGroup] = []
    for group in asked_groups(request, version):
        answer = refusal(group, BUSY, version)
        assert isinstance(answer, OffsetFetchResponseGroup)
        answers.append(answer)
    response = fetch_response(answers, version)
    response.encode(version)
    codes = [response.error_code, *(group.error_code for group in response.groups)]
    codes += [partition.error_code for topic in response.topics for partition in topic.partitions]
    assert BUSY.code in codes
