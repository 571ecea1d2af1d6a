"""PLAIN (RFC 4616): name and password as they are, so only over TLS or in a trusted network."""

from ottla.net.sasl.mechanism import SaslError


class Plain:
    """One message, and an empty answer."""

    name = "PLAIN"

    def __init__(self, username: str, password: str) -> None:
        if "\0" in username + password:
            raise SaslError("PLAIN cannot carry a NUL in the name or the password")
        self._message = f"\0{username}\0{password}".encode()

    def first(self) -> bytes:
        return self._message

    def next(self, challenge: bytes) -> None:
        if challenge:
            raise SaslError("the broker asks for more than PLAIN has to say")
