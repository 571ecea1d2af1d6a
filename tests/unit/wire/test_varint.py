"""Unsigned varints: known encodings, the edges of each length, and what is refused."""

import pytest

from ottla.wire.types import WireError
from ottla.wire.varint import ONE_BYTE, decode_rest, decode_unsigned, encode_unsigned

KNOWN = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "8001"),
    (300, "ac02"),
    (16_383, "ff7f"),
    (16_384, "808001"),
    (2_097_151, "ffff7f"),
    (2_097_152, "80808001"),
    (268_435_455, "ffffff7f"),
    (268_435_456, "8080808001"),
    (2**32 - 1, "ffffffff0f"),
]


@pytest.mark.parametrize(("value", "encoded"), KNOWN)
def test_known_encodings(value: int, encoded: str) -> None:
    assert encode_unsigned(value).hex() == encoded
    assert decode_unsigned(b"\xaa" + bytes.fromhex(encoded) + b"\xbb", 1) == (value, 1 + len(encoded) // 2)


def test_one_byte_table() -> None:
    assert [encode_unsigned(value) for value in range(128)] == list(ONE_BYTE)


def test_a_long_way_to_write_a_small_number_is_read() -> None:
    assert decode_unsigned(b"\x81\x80\x00", 0) == (1, 3)


@pytest.mark.parametrize("encoded", ["ffffffff1f", "ffffffff7f", "ffffffffff01", "808080808001"])
def test_more_than_32_bits_are_refused(encoded: str) -> None:
    with pytest.raises(WireError):
        decode_unsigned(bytes.fromhex(encoded), 0)


@pytest.mark.parametrize("value", [-1, 2**32])
def test_what_does_not_fit_is_not_written(value: int) -> None:
    with pytest.raises(WireError):
        encode_unsigned(value)


def test_an_end_in_the_middle() -> None:
    with pytest.raises(IndexError):
        decode_unsigned(b"\xff\xff", 0)
    with pytest.raises(IndexError):
        decode_rest(b"\xff", 1, 0xFF)
