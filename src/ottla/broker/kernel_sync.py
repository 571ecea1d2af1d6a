"""fdatasync without a thread: Linux's own asynchronous I/O (`io_submit` with IOCB_CMD_FDSYNC, since Linux 4.18).

A thread that waits for a disk must fight for the interpreter twice, which takes longer than a good disk's sync. The
kernel's queue needs neither: it is told of the file, and makes an eventfd readable when the disk is done. It is
reached through ctypes, for libc has no functions for it. Where it is missing, threads serve (see `flusher`).
"""

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable
from typing import NamedTuple, Self

from ottla.core.limits import KERNEL_SYNCS

Done = Callable[[OSError | None], None]
"""Called on the event loop when the disk has answered."""


class _Calls(NamedTuple):
    """The numbers of the system calls; they differ between processors."""

    setup: int
    destroy: int
    get_events: int
    submit: int


_CALLS = {
    "x86_64": _Calls(setup=206, destroy=207, get_events=208, submit=209),
    "aarch64": _Calls(setup=0, destroy=1, get_events=4, submit=2),
}
_REQUEST = struct.Struct("<QIIHhIQQqQII")
"""`struct iocb`: data, key, flags, opcode, priority, file, buffer, size, offset, reserved, flags, eventfd."""
_EVENT = struct.Struct("<QQqq")
"""`struct io_event`: data, request, result, second result."""
_FDSYNC = 3
_TELL_EVENTFD = 1
_NO_WAIT = struct.pack("<qq", 0, 0)


class KernelSync:
    """The syncs under way. Made by `opened`, used and closed on the event loop only."""

    def __init__(self, calls: _Calls, context: ctypes.c_ulong, loop: asyncio.AbstractEventLoop) -> None:
        self._calls = calls
        self._context = context
        self._loop = loop
        self._waiting: dict[int, Done] = {}
        self._submitted = 0
        self._events = ctypes.create_string_buffer(KERNEL_SYNCS * _EVENT.size)
        self._no_wait = ctypes.create_string_buffer(_NO_WAIT)
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        loop.add_reader(self._eventfd, self._finished)

    @classmethod
    def opened(cls, loop: asyncio.AbstractEventLoop) -> Self | None:
        """None where the machine has no such thing."""
        calls = _CALLS.get(os.uname().machine) if hasattr(os, "eventfd") else None
        if calls is None or ctypes.sizeof(ctypes.c_void_p) != 8:
            return None
        context = ctypes.c_ulong(0)
        if _system_call(calls.setup, KERNEL_SYNCS, ctypes.byref(context)) < 0:
            return None
        return cls(calls, context, loop)

    def submit(self, descriptor: int, done: Done) -> bool:
        """Have a file's data synced; it must stay open until `done`. False: the kernel does not take it."""
        if len(self._waiting) >= KERNEL_SYNCS:
            return False
        self._submitted += 1
        number = self._submitted
        content = _REQUEST.pack(
            number, 0, 0, _FDSYNC, 0, descriptor, 0, 0, 0, 0, _TELL_EVENTFD, self._eventfd
        )
        request = ctypes.create_string_buffer(content)
        one = ctypes.c_void_p(ctypes.addressof(request))
        if _system_call(self._calls.submit, self._context, 1, ctypes.byref(one)) != 1:
            return False
        self._waiting[number] = done
        return True

    def close(self) -> None:
        """Let go of the kernel's queue. Nothing may be under way."""
        assert not self._waiting, "a sync is under way"
        self._loop.remove_reader(self._eventfd)
        os.close(self._eventfd)
        _system_call(self._calls.destroy, self._context)

    def _finished(self) -> None:
        os.eventfd_read(self._eventfd)
        count = _system_call(
            self._calls.get_events, self._context, 0, KERNEL_SYNCS, self._events, self._no_wait
        )
        for position in range(max(count, 0)):
            number, _, result, _ = _EVENT.unpack_from(self._events, position * _EVENT.size)
            error = OSError(-result, os.strerror(-result)) if result < 0 else None
            self._waiting.pop(number)(error)


def _system_call(number: int, *arguments: object) -> int:
    """-1 for every failure. Keeps the interpreter: none of these calls waits."""
    result: int = _LIBC.syscall(number, *arguments)
    return result


_LIBC = ctypes.PyDLL(None)
_LIBC.syscall.restype = ctypes.c_long
