import pytest

from ottla.client.serdes.framing import indexes_of, prefix_of, split, split_indexes

GUID = "89791762-2336-4186-9674-299b90a802e2"
GUID_BYTES = bytes.fromhex(GUID.replace("-", ""))


def test_an_id_stands_before_the_data() -> None:
    assert prefix_of(258) == b"\0\0\0\1\2"
    assert split(b"\0\0\0\1\2data", (), "value") == (258, b"data")
    assert split(b"\0\xff\xff\xff\xff", (), "value") == (2**32 - 1, b"")


def test_a_guid_stands_in_the_header_of_its_side_and_indexes_follow_it() -> None:
    headers = [("__key_schema_id", b"\1" + bytes(16)), ("__value_schema_id", b"\1" + GUID_BYTES + b"\0")]
    assert split(b"data", headers, "value") == (GUID, b"\0data")


@pytest.mark.parametrize("guid", [None, b"", b"\1short", b"\0" + GUID_BYTES])
def test_other_headers_are_passed_over(guid: bytes | None) -> None:
    assert split(b"\0\0\0\0\1data", [("__value_schema_id", guid)], "value") == (1, b"data")


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"\1\0\0\0\1data", b'{"a":1}'])
def test_bytes_without_an_id_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="schema's id"):
        split(data, (), "value")


@pytest.mark.parametrize(
    ("path", "data"), [([0], b"\0"), ([1], b"\2\2"), ([0, 0], b"\4\0\0"), ([2, 100], b"\4\4\xc8\1")]
)
def test_message_indexes(path: list[int], data: bytes) -> None:
    assert indexes_of(path) == data
    assert split_indexes(data + b"message") == (tuple(path), b"message")


@pytest.mark.parametrize("data", [b"", b"\2", b"\1", b"\xff\xff\xff\xff\xff\xff", b"\xd2\x0f" + bytes(2000)])
def test_broken_message_indexes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="message indexes"):
        split_indexes(data)
