"""Memory that ends where the process may not read on: one byte too far is a crash, not a lucky guess."""

import ctypes
import mmap

_libc = ctypes.CDLL(None, use_errno=True)
_NO_ACCESS = 0  # PROT_NONE
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class GuardedMemory:
    """Room for up to `size` bytes, always at its very end."""

    def __init__(self, size: int) -> None:
        self._room = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self._map = mmap.mmap(-1, self._room + mmap.PAGESIZE)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        if _libc.mprotect(self._address + self._room, mmap.PAGESIZE, _NO_ACCESS):
            raise OSError(ctypes.get_errno(), "mprotect")

    def holding(self, data: bytes) -> memoryview:
        """A view of `data` that ends at the guard; good until the next call."""
        ctypes.memmove(self._address + self._room - len(data), data, len(data))
        place = (ctypes.c_char * len(data)).from_address(self._address + self._room - len(data))
        return memoryview(place).cast("B")
