# How numbers and bytes lie in a record.

cdef struct _Bytes:
    const uint8_t *data
    Py_ssize_t size  # -1: null
    Py_buffer view
    bint is_held


cdef inline int _take(object value, _Bytes *into) except -1:
    """The bytes of any buffer, until `_release`. Raises TypeError for what is none."""
    into.is_held = False
    if value is None:
        into.size = -1
    elif PyBytes_CheckExact(value):
        into.data = <const uint8_t *>PyBytes_AS_STRING(value)
        into.size = PyBytes_GET_SIZE(value)
    else:
        PyObject_GetBuffer(value, &into.view, PyBUF_SIMPLE)
        into.is_held = True
        into.data = <const uint8_t *>into.view.buf
        into.size = into.view.len
    return 0


cdef inline void _release(_Bytes *taken) noexcept:
    if taken.is_held:
        PyBuffer_Release(&taken.view)


cdef inline uint64_t _zigzag(int64_t value) noexcept:
    return (<uint64_t>value << 1) ^ <uint64_t>(value >> 63)


cdef inline int _varint_size(uint64_t value) noexcept:
    cdef int size = 1
    while value > 127:
        value >>= 7
        size += 1
    return size


cdef inline uint8_t *_put_varint(uint8_t *to, uint64_t value) noexcept:
    while value > 127:
        to[0] = <uint8_t>(value & 127 | 128)
        to += 1
        value >>= 7
    to[0] = <uint8_t>value
    return to + 1


cdef inline uint8_t *_put_bytes(uint8_t *to, _Bytes *taken) noexcept:
    """A size and as many bytes."""
    to = _put_varint(to, _zigzag(taken.size))
    if taken.size > 0:
        memcpy(to, taken.data, <size_t>taken.size)
        to += taken.size
    return to


cdef inline Py_ssize_t _bytes_size(_Bytes *taken) noexcept:
    return _varint_size(_zigzag(taken.size)) + (taken.size if taken.size > 0 else 0)


cdef inline uint8_t *_put(uint8_t *to, int64_t value, int size) noexcept:
    """The lowest `size` bytes of `value`, highest first."""
    cdef int shift = 8 * size
    while shift:
        shift -= 8
        to[0] = <uint8_t>(value >> shift)
        to += 1
    return to
