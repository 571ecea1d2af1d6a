"""The one file of the project that may run text as code (ADR 9): our own annotations and what we make of them."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.wire.schema import MessageType


def annotations(cls: "MessageType") -> tuple[object, ...]:
    """The annotations of the fields as objects, in order: evaluated in one go, where `typing` goes one by one."""
    texts = [cls.__annotations__[name] for name in cls.__defaults__]
    if not all(isinstance(text, str) for text in texts):
        return tuple(texts)
    module = sys.modules[cls.__module__]
    evaluated: tuple[object, ...] = eval(f"({''.join(f'{text},' for text in texts)})", vars(module))  # noqa: S307
    return evaluated


def define(lines: list[str], name: str, names: dict[str, object], title: str) -> object:
    """The function `name` that the lines define, with `names` as its globals; `title` is its file in tracebacks."""
    exec(compile("\n".join(lines), f"<{title}>", "exec"), names)  # noqa: S102
    return names[name]
