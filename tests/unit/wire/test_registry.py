"""The table of APIs and the header versions that follow from it."""

import pytest

from ottla.wire.messages.fetch import FetchRequest, FetchResponse
from ottla.wire.registry import all_apis, api, api_named, snake_case


def test_an_api_by_key_and_by_name() -> None:
    fetch = api(1)
    assert fetch is api_named("Fetch")
    assert (fetch.key, fetch.name, fetch.min_version, fetch.max_version, fetch.flexible_from) == (
        1,
        "Fetch",
        4,
        18,
        12,
    )
    assert (fetch.request, fetch.response) == (FetchRequest, FetchResponse)
    assert repr(fetch) == "Api(1, Fetch)"


def test_what_is_not_there() -> None:
    with pytest.raises(KeyError):
        api(4)
    with pytest.raises(KeyError):
        api_named("LeaderAndIsr")


def test_keys_rise() -> None:
    keys = [row.key for row in all_apis()]
    assert keys == sorted(set(keys))
    assert set(range(4)) | set(range(8, 52)) <= set(keys)


@pytest.mark.parametrize(
    ("name", "version", "request_header", "response_header"),
    [
        ("Produce", 8, 1, 0),
        ("Produce", 9, 2, 1),
        ("ApiVersions", 2, 1, 0),
        ("ApiVersions", 3, 2, 0),
        ("ApiVersions", 4, 2, 0),
        ("SaslHandshake", 1, 1, 0),
        ("OffsetDelete", 0, 1, 0),
        ("DescribeCluster", 0, 2, 1),
    ],
)
def test_header_versions(name: str, version: int, request_header: int, response_header: int) -> None:
    assert api_named(name).request_header_version(version) == request_header
    assert api_named(name).response_header_version(version) == response_header


def test_snake_case() -> None:
    assert snake_case("AddPartitionsToTxn") == "add_partitions_to_txn"
