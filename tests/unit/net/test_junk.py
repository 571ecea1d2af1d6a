"""What strangers look like."""

import pytest

from ottla.net.junk import looks_like


@pytest.mark.parametrize(
    ("junk", "word"),
    [
        (b"GET /metrics HTTP/1.1", "HTTP"),
        (b"POST / HTTP/1.1", "HTTP"),
        (b"PRI * HTTP/2.0", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
        (b"SSH-2.0-OpenSSH_9", "SSH"),
        (b"hello there", "text"),
    ],
)
def test_the_line_names_what_it_is(junk: bytes, word: str) -> None:
    assert word in looks_like(junk)


@pytest.mark.parametrize("junk", [b"", b"\xff\xff\xff\xff", b"\x7f\x00\x00\x00abc"])
def test_nothing_is_said_about_the_unknown(junk: bytes) -> None:
    assert looks_like(junk) == ""
