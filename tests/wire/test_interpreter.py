"""Compiled readers and writers against the slow interpreter, for every message in every version."""

import pytest

from ottla.wire.registry import Api
from ottla.wire.schema import Message
from tests.wire import interpreter
from tests.wire.values import Values, case_id, every_version

ROUNDS = 25


@pytest.mark.parametrize("case", every_version(), ids=case_id)
def test_same_bytes_and_same_values(case: tuple[Api, type[Message], int]) -> None:
    _, cls, version = case
    values = Values(case_id(case))
    for _ in range(ROUNDS):
        message = values.message(cls, version)
        encoded = b"".join(message.encode(version))
        assert encoded == interpreter.encode(message, version)
        assert cls.decode(encoded, version) == (message, len(encoded))
        assert interpreter.decode(cls, encoded, version) == (message, len(encoded))


@pytest.mark.parametrize("case", every_version(), ids=case_id)
def test_defaults(case: tuple[Api, type[Message], int]) -> None:
    _, cls, version = case
    encoded = b"".join(cls().encode(version))
    assert encoded == interpreter.encode(cls(), version)
    assert cls.decode(b"??" + encoded + b"!", version, 2) == (cls(), 2 + len(encoded))
