"""Request and response headers, their two historic exceptions, and damaged ones."""

import pytest

from ottla.wire.header import (
    RequestHeader,
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
)
from ottla.wire.registry import all_apis, api_named
from ottla.wire.types import WireError

PRODUCE = api_named("Produce")


@pytest.mark.parametrize("client_id", [None, "", "rdkafka", "größer"])
def test_round_trip_of_every_version(client_id: str | None) -> None:
    for api in all_apis():
        for version in range(api.min_version, api.max_version + 1):
            request = encode_request_header(api, version, -7, client_id)
            assert decode_request_header(request + b"body") == (
                RequestHeader(api.key, version, -7, client_id),
                len(request),
            )
            response = encode_response_header(api, version, 2**31 - 1)
            assert decode_response_header(api, version, response + b"body") == (2**31 - 1, len(response))


def test_the_client_id_keeps_its_two_byte_length_in_flexible_versions() -> None:
    assert encode_request_header(PRODUCE, 9, 5, "ab").hex() == "0000 0009 00000005 0002 6162 00".replace(
        " ", ""
    )
    assert encode_request_header(PRODUCE, 8, 5, None).hex() == "0000 0008 00000005 ffff".replace(" ", "")


def test_the_response_of_api_versions_has_no_tagged_section() -> None:
    assert encode_response_header(api_named("ApiVersions"), 4, 1) == bytes.fromhex("00000001")
    assert encode_response_header(PRODUCE, 9, 1) == bytes.fromhex("0000000100")


def test_tagged_fields_are_passed_over() -> None:
    header = encode_request_header(PRODUCE, 9, 5, "ab")[:-1] + bytes.fromhex("01 07 03 616263")
    assert decode_request_header(header)[1] == len(header)
    response = encode_response_header(PRODUCE, 9, 5)[:-1] + bytes.fromhex("01 07 03 616263")
    assert decode_response_header(PRODUCE, 9, response) == (5, len(response))


def test_an_unknown_api_ends_behind_the_client_id() -> None:
    header = bytes.fromhex("7fff 0003 00000001 0001 61 00")
    assert decode_request_header(header) == (RequestHeader(0x7FFF, 3, 1, "a"), 11)


@pytest.mark.parametrize("version", [8, 9])
def test_every_truncation_is_refused(version: int) -> None:
    request = encode_request_header(PRODUCE, version, 5, "client")
    for length in range(len(request)):
        with pytest.raises(WireError):
            decode_request_header(request[:length])
    response = encode_response_header(PRODUCE, version, 5)
    for length in range(len(response)):
        with pytest.raises(WireError):
            decode_response_header(PRODUCE, version, response[:length])


def test_bad_headers() -> None:
    with pytest.raises(WireError):
        decode_request_header(bytes.fromhex("0000 0009 00000005 0002 ffff 00"))  # not UTF-8
    with pytest.raises(WireError):
        decode_request_header(bytes.fromhex("0000 0009 00000005 7fff 61"))  # a client id beyond the end
    with pytest.raises(WireError):
        encode_request_header(PRODUCE, 9, 2**31, "a")
    with pytest.raises(WireError):
        encode_request_header(PRODUCE, 9, 1, "a" * 40_000)
    with pytest.raises(WireError):
        encode_request_header(PRODUCE, 9, 1, "\ud800")
    with pytest.raises(WireError):
        encode_response_header(PRODUCE, 9, 2**31)


def test_equality_and_repr() -> None:
    header = RequestHeader(0, 9, 1, "a")
    assert header != RequestHeader(0, 9, 1, None)
    assert header != "header"
    assert repr(header) == "RequestHeader(api_key=0, api_version=9, client_id='a', correlation_id=1)"
