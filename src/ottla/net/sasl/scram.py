"""SCRAM (RFC 5802, RFC 7677): both ends prove that they know the password, and neither tells it.

    client first    n,,n=user,r=nonce
    server first    r=nonce+theirs,s=salt,i=iterations
    client final    c=biws,r=nonce+theirs,p=proof
    server final    v=signature            or e=why not

The password is taken as it is, in UTF-8, without SASLprep: so does Apache Kafka on both its ends.
"""

import base64
import binascii
import hashlib
import hmac

from ottla.core.limits import MAX_SCRAM_ITERATIONS, MIN_SCRAM_ITERATIONS
from ottla.net.sasl.mechanism import SaslError

HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
_HEADER = "n,,"  # no channel binding, no other identity


class Scram:
    """One authentication. `nonce` is printable, without commas, and never used twice."""

    def __init__(self, name: str, username: str, password: str, nonce: str) -> None:
        self.name = name
        self._hash = HASHES[name]
        self._password = password.encode()
        self._nonce = nonce
        self._bare = f"n={_escaped(username)},r={nonce}"
        self._signature: bytes | None = None  # what the server must answer in the end

    def first(self) -> bytes:
        return (_HEADER + self._bare).encode()

    def next(self, challenge: bytes) -> bytes | None:
        """The proof; then None, once the server has proved itself. Raises SaslError."""
        if self._signature is None:
            return self._final(challenge)
        self._verify(challenge)
        return None

    def _final(self, challenge: bytes) -> bytes:
        fields = _fields(challenge, ("r", "s", "i"))
        nonce, salt, iterations = fields["r"], _decoded(fields["s"]), _iterations(fields["i"])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise SaslError("the broker's nonce does not go on from this client's; it may be an impostor")
        bare = f"c={base64.b64encode(_HEADER.encode()).decode()},r={nonce}"
        everything = f"{self._bare},{challenge.decode()},{bare}".encode()
        salted = hashlib.pbkdf2_hmac(self._hash, self._password, salt, iterations)
        client_key = self._hmac(salted, b"Client Key")
        stored_key = hashlib.new(self._hash, client_key).digest()
        proof = _xor(client_key, self._hmac(stored_key, everything))
        self._signature = self._hmac(self._hmac(salted, b"Server Key"), everything)
        return f"{bare},p={base64.b64encode(proof).decode()}".encode()

    def _verify(self, challenge: bytes) -> None:
        assert self._signature is not None
        if challenge.startswith(b"e="):
            raise SaslError(f"the broker refused the proof: {challenge[2:].decode(errors='replace')}")
        theirs = _decoded(_fields(challenge, ("v",))["v"])
        if not hmac.compare_digest(theirs, self._signature):
            raise SaslError("the broker does not know the password itself; it may be an impostor")

    def _hmac(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, self._hash)


def _escaped(username: str) -> str:
    return username.replace("=", "=3D").replace(",", "=2C")


def _fields(message: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The fields, which must begin with these in this order; extensions may follow, an `m` before them not."""
    try:
        pairs = [pair.partition("=") for pair in message.decode().split(",")]
    except UnicodeDecodeError:
        pairs = []
    if [name for name, _, _ in pairs[: len(names)]] != list(names):
        raise SaslError(f"the broker's SCRAM message cannot be read: {message[:40]!r}")
    return {name: value for name, _, value in pairs}


def _iterations(text: str) -> int:
    iterations = int(text) if text.isdecimal() and len(text) < 10 else 0
    if not MIN_SCRAM_ITERATIONS <= iterations <= MAX_SCRAM_ITERATIONS:
        allowed = f"{MIN_SCRAM_ITERATIONS} to {MAX_SCRAM_ITERATIONS}"
        raise SaslError(f"the broker asks for {text[:20]} iterations; this client does {allowed}")
    return iterations


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SaslError("the broker's SCRAM message has a field that is not base64") from None


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
