"""Compiled readers and writers against the slow interpreter, for every message in every version."""

import pytest

from ottla.wire.schema import Message
from tests.wire import interpreter
from tests.wire.values import Values, every_message, versions_of

ROUNDS = 15


@pytest.mark.parametrize("cls", every_message())
def test_same_bytes_and_same_values(cls: type[Message]) -> None:
    values = Values(cls.__name__)
    for version in list(versions_of(cls)) * ROUNDS:
        message = values.message(cls, version)
        encoded = b"".join(message.encode(version))
        assert encoded == interpreter.encode(message, version)
        assert cls.decode(encoded, version) == (message, len(encoded))
        assert interpreter.decode(cls, encoded, version) == (message, len(encoded))


@pytest.mark.parametrize("cls", every_message())
def test_defaults(cls: type[Message]) -> None:
    for version in versions_of(cls):
        encoded = b"".join(cls().encode(version))
        assert encoded == interpreter.encode(cls(), version)
        assert cls.decode(b"??" + encoded + b"!", version, 2) == (cls(), 2 + len(encoded))
