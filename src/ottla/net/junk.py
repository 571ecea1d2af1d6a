"""What a stranger's first bytes look like, and what its owner should do about it."""

_HTTP_WORDS = (b"GET ", b"POST", b"HEAD", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC", b"PRI ")
_TLS_HANDSHAKE = b"\x16\x03"


def looks_like(junk: bytes) -> str:
    """One sentence for the log about bytes that are no Kafka frame; "" when they look like nothing known."""
    if junk.startswith(_HTTP_WORDS):
        return "that is HTTP, and this port speaks Kafka's protocol: only Kafka clients can talk to it"
    if junk.startswith(_TLS_HANDSHAKE):
        return "that is TLS, and this port is plaintext: set security.protocol=PLAINTEXT in the client"
    if junk.startswith(b"SSH-"):
        return "that is SSH, and this port speaks Kafka's protocol"
    if len(junk) >= 4 and junk[:4].isascii() and junk[:4].decode("ascii").isprintable():
        return f"it begins with {junk!r}, which is text: only Kafka clients can talk to this port"
    return ""
