# The walk over a batch's records, the same for every reader.

@cython.final
@cython.freelist(8)
@cython.no_gc
cdef class _Cursor:
    """Stands before the first record of a body, then on each in turn (`advance`).

    Invariant: `body` is read only at places from 0 to `end - 1`, each compared to `end` just before.
    """

    cdef Py_buffer view
    cdef bint is_held
    cdef const uint8_t *body
    cdef Py_ssize_t position
    cdef Py_ssize_t end
    cdef int64_t count
    cdef int64_t left
    cdef int64_t base_offset
    cdef int64_t base_timestamp

    # The record it stands on.
    cdef Py_ssize_t start
    cdef Py_ssize_t record_end
    cdef int64_t offset
    cdef int64_t timestamp
    cdef Py_ssize_t key_start
    cdef Py_ssize_t key_size  # -1: null
    cdef Py_ssize_t value_start
    cdef Py_ssize_t value_size  # -1: null
    cdef tuple headers

    def __dealloc__(self):
        if self.is_held:
            PyBuffer_Release(&self.view)

    cdef int advance(self) except -1:
        """Go on to the next record; 0 behind the last. Raises CorruptRecordError as the pure reader does."""
        cdef int64_t size
        if self.left <= 0:
            if self.position != self.end:
                raise CorruptRecordError(
                    f"{self.end - self.position} bytes behind the last of {self.count} records"
                )
            return 0
        self.left -= 1
        self.start = self.position
        size = self.varint32()
        self.record_end = self.position + size
        if size < 0 or self.record_end > self.end:
            raise CorruptRecordError(f"record at byte {self.position} does not fit the batch")
        self.position += 1  # the record's attributes: none is defined
        self.timestamp = <int64_t>(<uint64_t>self.base_timestamp + <uint64_t>self.varint64())
        self.offset = <int64_t>(<uint64_t>self.base_offset + <uint64_t>self.varint32())

        if self.byte() == 1:
            self.position += 1
            self.key_size = -1
        else:
            self.key_size = self.varint32()
            self.key_start = self.position
            self.position += self.key_size
            if self.key_size < 0 or self.position > self.record_end:
                raise CorruptRecordError(
                    f"key of {self.key_size} bytes in the record that ends at byte {self.record_end}"
                )

        if self.byte() == 1:
            self.position += 1
            self.value_size = -1
        else:
            self.value_size = self.varint32()
            self.value_start = self.position
            self.position += self.value_size
            if self.value_size < 0 or self.position > self.record_end:
                raise CorruptRecordError(f"value reaches over its record's end at byte {self.record_end}")

        if self.byte() == 0:
            self.position += 1
            self.headers = ()
        else:
            self.headers = self.read_headers()
        if self.position != self.record_end:
            raise CorruptRecordError(
                f"record ends at byte {self.record_end}, its fields at byte {self.position}"
            )
        return 1

    cdef tuple read_headers(self):
        cdef list headers = []
        cdef Py_ssize_t start
        cdef int64_t size
        cdef int64_t count = self.varint32()
        cdef int64_t room = self.record_end - self.position
        if count < 0 or room < 0 or count > room // 2:  # the shortest takes 2 bytes
            raise CorruptRecordError(f"{count} headers in {room} bytes")
        for _ in range(count):
            size = self.varint32()
            start = self.position
            self.position += size
            if size < 0 or self.position > self.record_end:
                raise CorruptRecordError(f"header name of {size} bytes at byte {start}")
            try:
                name = (<const char *>self.body)[start:self.position].decode("utf-8")
            except UnicodeDecodeError:
                raise CorruptRecordError(f"header name at byte {start} is not UTF-8") from None
            size = self.varint32()
            if size == -1:
                headers.append((name, None))
                continue
            start = self.position
            self.position += size
            if size < 0 or self.position > self.record_end:
                raise CorruptRecordError(f"header value of {size} bytes at byte {start}")
            headers.append((name, self.piece(start, size)))
        return tuple(headers)

    cdef inline int byte(self) except -1:
        """The byte it stands before, which it does not pass."""
        if self.position >= self.end:
            self.cut()
        return self.body[self.position]

    cdef inline int64_t varint32(self) except? -2:
        """A varint of at most 5 bytes and 32 bits."""
        cdef uint64_t value
        cdef const uint8_t *at = self.body + self.position
        cdef Py_ssize_t left = self.end - self.position
        if left > 0 and at[0] < 128:
            value = at[0]
            self.position += 1
        elif left > 1 and at[1] < 128:
            value = at[0] & 127 | <uint64_t>at[1] << 7
            self.position += 2
        else:
            value = self.long_varint(5)
        return <int64_t>(value >> 1) ^ -<int64_t>(value & 1)

    cdef inline int64_t varint64(self) except? -2:
        """A varint of at most 10 bytes and 64 bits."""
        cdef uint64_t value
        if self.position < self.end and self.body[self.position] < 128:
            value = self.body[self.position]
            self.position += 1
        else:
            value = self.long_varint(10)
        return <int64_t>(value >> 1) ^ -<int64_t>(value & 1)

    cdef uint64_t long_varint(self, int max_bytes) except? 2:
        cdef uint64_t value = 0
        cdef int shift = 0
        cdef uint8_t byte
        while shift < 7 * max_bytes:
            if self.position >= self.end:
                self.cut()
            byte = self.body[self.position]
            self.position += 1
            value |= <uint64_t>(byte & 127) << shift
            if byte < 128:
                if (max_bytes == 5 and value >> 32) or (shift == 63 and byte > 1):
                    break
                return value
            shift += 7
        raise CorruptRecordError(
            f"varint longer than {32 if max_bytes == 5 else 64} bits ends at byte {self.position}"
        )

    cdef int cut(self) except -1:
        raise CorruptRecordError(f"the records end at byte {self.end}, inside a record")

    cdef inline bytes piece(self, Py_ssize_t start, Py_ssize_t size):
        return PyBytes_FromStringAndSize(<const char *>self.body + start, size)

    cdef inline object key(self):
        return None if self.key_size < 0 else self.piece(self.key_start, self.key_size)

    cdef inline object value(self):
        return None if self.value_size < 0 else self.piece(self.value_start, self.value_size)


cdef _Cursor _cursor(buffer, Py_ssize_t start, int64_t count, int64_t base_offset, int64_t base_timestamp):
    """Before the first record of the body that begins at byte `start` of `buffer`."""
    cdef _Cursor cursor = _Cursor.__new__(_Cursor)
    PyObject_GetBuffer(buffer, &cursor.view, PyBUF_SIMPLE)
    cursor.is_held = True
    assert cursor.view.len >= start
    cursor.body = <const uint8_t *>cursor.view.buf + start
    cursor.position = 0
    cursor.end = cursor.view.len - start
    cursor.count = cursor.left = count
    cursor.base_offset = base_offset
    cursor.base_timestamp = base_timestamp
    return cursor


cdef _Cursor _cursor_over(batch, max_decompressed_bytes):
    """Uncompressed records are read where they lie."""
    cdef int64_t count = batch.records_count
    cdef int64_t base_offset = batch.base_offset
    cdef int64_t base_timestamp = batch.base_timestamp
    if batch.attributes & 7 == 0 and count > 0 and batch.batch_length <= max_decompressed_bytes:
        return _cursor(batch.buffer, HEADER_BYTES, count, base_offset, base_timestamp)
    return _cursor(records_body(batch, max_decompressed_bytes), 0, count, base_offset, base_timestamp)
