"""SCRAM against the RFCs' own exchanges, and against brokers that lie."""

import pytest

from ottla.net.sasl import scram
from ottla.net.sasl.mechanism import SaslError
from ottla.net.sasl.scram import Scram

NONCE_7677 = "rOprNGfwEbeRWgbNEkqO"
WHOLE_7677 = f"{NONCE_7677}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SERVER_FIRST_7677 = f"r={WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SERVER_FINAL_7677 = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def rfc_7677() -> Scram:
    return Scram("SCRAM-SHA-256", "user", "pencil", NONCE_7677)


def test_the_exchange_of_rfc_7677() -> None:
    client = rfc_7677()
    assert client.first() == f"n,,n=user,r={NONCE_7677}".encode()
    proof = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert client.next(SERVER_FIRST_7677.encode()) == f"c=biws,r={WHOLE_7677},{proof}".encode()
    assert client.next(SERVER_FINAL_7677) is None


def test_the_exchange_of_rfc_5802(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scram.HASHES, "SCRAM-SHA-1", "sha1")
    client = Scram("SCRAM-SHA-1", "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL")
    whole = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
    final = client.next(f"r={whole},s=QSXCR+Q6sek8bf92,i=4096".encode())
    assert final == f"c=biws,r={whole},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=".encode()
    assert client.next(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=") is None


def test_a_name_with_signs_of_the_protocol_is_escaped() -> None:
    assert Scram("SCRAM-SHA-512", "a=b,c", "p", "N").first() == b"n,,n=a=3Db=2Cc,r=N"


@pytest.mark.parametrize(
    ("server_first", "message"),
    [
        (f"r=x{WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "impostor"),
        (f"r={NONCE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "impostor"),
        (f"r={WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "asks for 1 iterations"),
        (f"r={WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999", "iterations"),
        (f"r={WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096", "iterations"),
        (f"r={WHOLE_7677},s=!,i=4096", "not base64"),
        (f"m=ext,r={WHOLE_7677},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "cannot be read"),
        ("e=other-error", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_first_answer_that_cannot_be(server_first: str, message: str) -> None:
    client = rfc_7677()
    client.first()
    with pytest.raises(SaslError, match=message):
        client.next(server_first.encode())


@pytest.mark.parametrize(
    ("server_final", "message"),
    [
        (b"v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "does not know the password"),
        (b"e=invalid-proof", "refused the proof: invalid-proof"),
        (b"v=!", "not base64"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_broker_that_does_not_prove_itself(server_final: bytes, message: str) -> None:
    client = rfc_7677()
    client.next(SERVER_FIRST_7677.encode())
    with pytest.raises(SaslError, match=message):
        client.next(server_final)
