"""`Message`, the base of every structure on the wire. The annotated class is the schema.

    class HeartbeatRequest(Message, versions=(0, 4), flexible_from=4):
        group_id: string = ""
        group_instance_id: Annotated[string | None, since(3)] = None

Making a class costs microseconds: constructor, readers and writers are compiled when first used. A structure
that only occurs inside others takes no class keywords; it is read and written as part of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Self, dataclass_transform

from ottla.wire.types import Buffer, WireError

_MALFORMED = (WireError, IndexError, struct.error, UnicodeDecodeError)
_UNWRITABLE = (WireError, struct.error, AttributeError, TypeError, UnicodeEncodeError, OverflowError)


@dataclass_transform(kw_only_default=True)
class MessageType(type):
    """Turns annotations into slots, and class-body values into the constructor's defaults."""

    __defaults__: dict[str, Any]
    __versions__: tuple[int, int] | None
    __flexible_from__: int | None

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        versions: tuple[int, int] | None = None,
        flexible_from: int | None = None,
    ) -> MessageType:
        annotations = namespace.get("__annotations__", {})
        names = tuple(field for field, text in annotations.items() if "ClassVar" not in str(text))
        try:
            namespace["__defaults__"] = {field: namespace.pop(field) for field in names}
        except KeyError as missing:
            raise TypeError(f"{name}: the field {missing} has no default") from None
        namespace["__slots__"] = names
        namespace["__versions__"] = versions
        namespace["__flexible_from__"] = flexible_from
        namespace["__readers__"] = {}
        namespace["__writers__"] = {}
        return super().__new__(cls, name, bases, namespace)


class Message(metaclass=MessageType):  # noqa: PLW1641  # no hash: a message can change
    """A structure of the protocol, in all versions: keyword-only constructor, Kafka's defaults, equality."""

    unknown_tags: tuple[tuple[int, bytes], ...] = ()
    """Tagged fields (number, content) that this class has no name for; kept, and written again, in order."""

    __readers__: ClassVar[dict[int, Callable[[memoryview, int], tuple[Self, int]]]]
    __writers__: ClassVar[dict[int, Callable[[Message], list[Buffer]]]]
    __slots__: ClassVar[tuple[str, ...]]

    def __init__(self, **values: object) -> None:
        from ottla.wire import compiler

        cls = type(self)
        cls.__init__ = compiler.constructor(cls)  # type: ignore[method-assign]
        cls.__init__(self, **values)

    @classmethod
    def decode(cls, buffer: Buffer, version: int, position: int = 0) -> tuple[Self, int]:
        """The message that starts at `position`, and the position behind it. Raises WireError.

        Records stay memoryviews of `buffer`; all else is copied out.
        """
        read = cls.__readers__.get(version)
        if read is None:
            from ottla.wire import compiler

            read = cls.__readers__[version] = compiler.reader(cls, version)
        try:
            return read(memoryview(buffer), position)
        except _MALFORMED as error:
            raise WireError(f"{cls.__name__} v{version}: {error}") from error

    def encode(self, version: int) -> list[Buffer]:
        """The message's bytes in parts, records among them as they are, uncopied. Raises WireError."""
        write = self.__writers__.get(version)
        if write is None:
            from ottla.wire import compiler

            write = self.__writers__[version] = compiler.writer(type(self), version)
        try:
            return write(self)
        except _UNWRITABLE as error:
            from ottla.wire.fault import fault

            raise WireError(f"{type(self).__name__} v{version}: {fault(self, version) or error}") from error

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in (*self.__slots__, "unknown_tags"))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({values})"
