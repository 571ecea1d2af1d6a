# Builds a record batch of format v2, straight into one buffer that begins with room for the header.

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX

cdef enum:
    HEADER_BYTES = 61
    LENGTH_END = 12
    CRC_START = 17
    CRC_END = 21
    FIRST_BYTES = 4096  # of a new builder's buffer; it doubles


cdef bytes _encoded_headers(headers):
    """The count, then each name and value."""
    cdef bytearray encoded = bytearray()
    cdef _Bytes taken
    encoded += _varint_bytes(len(headers))
    for name, value in headers:
        data = (<str?>name).encode()
        encoded += _varint_bytes(len(data))
        encoded += data
        _take(value, &taken)
        encoded += _varint_bytes(taken.size)
        _release(&taken)
        if value is not None:
            encoded += value
    return bytes(encoded)


cdef bytes _varint_bytes(int64_t value):
    cdef uint8_t encoded[10]
    cdef uint8_t *end = _put_varint(encoded, _zigzag(value))
    return PyBytes_FromStringAndSize(<const char *>encoded, end - encoded)


@cython.final
cdef class BatchBuilder:
    """One batch in the making; `build` may be called more than once, with appends in between.

    `base_timestamp` fixes what the records' timestamps are counted from; by default the first record's.
    """

    cdef public object codec
    cdef public object compression_level
    cdef public int64_t producer_id
    cdef public short producer_epoch
    cdef public int base_sequence
    cdef public int partition_leader_epoch
    cdef public short attributes
    cdef readonly int records_count
    cdef readonly int64_t max_timestamp
    cdef int64_t _base_timestamp
    cdef bint _has_base_timestamp
    cdef uint8_t *_buffer
    cdef readonly Py_ssize_t size_in_bytes
    cdef Py_ssize_t _capacity

    def __cinit__(self):
        self.size_in_bytes = HEADER_BYTES
        self.max_timestamp = -1

    def __init__(
        self,
        codec=Codec.NONE,
        compression_level=None,
        *,
        int64_t producer_id=-1,
        short producer_epoch=-1,
        int base_sequence=-1,
        bint is_transactional=False,
        bint is_control=False,
        timestamp_type=TimestampType.CREATE_TIME,
        int partition_leader_epoch=-1,
        base_timestamp=None,
    ):
        self.codec = codec
        self.compression_level = compression_level
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.base_sequence = base_sequence
        self.partition_leader_epoch = partition_leader_epoch
        self.attributes = <short>codec | timestamp_type << 3 | is_transactional << 4 | is_control << 5
        if base_timestamp is not None:
            self._base_timestamp = base_timestamp
            self._has_base_timestamp = True

    def __dealloc__(self):
        PyMem_Free(self._buffer)

    def append(self, timestamp_ms, key, value, headers=()):
        """Add a record and return its offset delta.

        Raises ValueError for a timestamp under -1 («none») or over 63 bits, TypeError for what is no buffer.
        """
        cdef _Bytes key_bytes, value_bytes
        cdef int64_t timestamp = _timestamp(timestamp_ms)
        cdef bytes encoded_headers = _encoded_headers(headers) if headers else b"\0"
        _take(key, &key_bytes)
        try:
            _take(value, &value_bytes)
            try:
                self.add(timestamp, &key_bytes, &value_bytes, encoded_headers, PY_SSIZE_T_MAX)
            finally:
                _release(&value_bytes)
        finally:
            _release(&key_bytes)
        return self.records_count - 1

    def append_many(
        self,
        timestamp_ms,
        values,
        keys=None,
        Py_ssize_t start=0,
        Py_ssize_t limit_bytes=sys.maxsize,
        headers=None,
    ):
        """Append the values from index `start` on, each with its key and headers, while the batch keeps the limit.

        The limit is one of `size_in_bytes`; an empty batch takes a record of any size. Returns the index of
        the first value that was not appended. Raises ValueError for other than one key, or one record's headers, to
        a value, TypeError for what is no buffer; what comes before that is in the batch then.
        """
        cdef _Bytes key_bytes, value_bytes
        cdef Py_ssize_t index
        cdef bint is_added
        cdef Py_ssize_t count = len(values)
        cdef bytes encoded_headers = b"\0"
        if keys is not None and len(keys) != count:
            raise ValueError(f"{count} values and {len(keys)} keys; there must be as many")
        if headers is not None and len(headers) != count:
            raise ValueError(f"{count} values and {len(headers)} headers; there must be as many")
        cdef int64_t timestamp = _timestamp(timestamp_ms)
        for index in range(start, count):
            value = values[index]
            key = None if keys is None else keys[index]
            if headers is not None:
                encoded_headers = _encoded_headers(headers[index])
            _take(key, &key_bytes)
            try:
                _take(value, &value_bytes)
                try:
                    is_added = self.add(timestamp, &key_bytes, &value_bytes, encoded_headers, limit_bytes)
                finally:
                    _release(&value_bytes)
            finally:
                _release(&key_bytes)
            if not is_added:
                return index
        return count

    cdef bint add(
        self, int64_t timestamp, _Bytes *key, _Bytes *value, bytes headers, Py_ssize_t limit_bytes
    ) except -1:
        """Append one record; 0 when that would take the batch over the limit."""
        cdef uint64_t delta = 0, offset_delta = <uint64_t>self.records_count << 1
        cdef Py_ssize_t length, total
        cdef uint8_t *to
        if self._has_base_timestamp:
            delta = _zigzag(<int64_t>(<uint64_t>timestamp - <uint64_t>self._base_timestamp))
        length = (
            1 + _varint_size(delta) + _varint_size(offset_delta) + _bytes_size(key) + _bytes_size(value)
            + PyBytes_GET_SIZE(headers)
        )
        total = _varint_size(<uint64_t>length << 1) + length
        if self.records_count and self.size_in_bytes + total > limit_bytes:
            return False
        self.reserve(total)
        to = _put_varint(self._buffer + self.size_in_bytes, <uint64_t>length << 1)
        to[0] = 0  # the record's attributes: none is defined
        to = _put_varint(to + 1, delta)
        to = _put_varint(to, offset_delta)
        to = _put_bytes(to, key)
        to = _put_bytes(to, value)
        memcpy(to, PyBytes_AS_STRING(headers), <size_t>PyBytes_GET_SIZE(headers))
        self.size_in_bytes += total
        self.records_count += 1
        self.max_timestamp = max(self.max_timestamp, timestamp)
        if not self._has_base_timestamp:
            self._base_timestamp = timestamp
            self._has_base_timestamp = True
        return True

    cdef inline int reserve(self, Py_ssize_t more) except -1:
        cdef Py_ssize_t capacity
        cdef void *buffer
        if self.size_in_bytes + more <= self._capacity:
            return 0
        capacity = max(FIRST_BYTES, 2 * self._capacity, self.size_in_bytes + more)
        buffer = PyMem_Realloc(self._buffer, <size_t>capacity)
        if buffer is NULL:
            raise MemoryError
        self._buffer = <uint8_t *>buffer
        self._capacity = capacity
        return 0

    def build_parts(self, int64_t base_offset=0):
        """Header and records, for a writer that takes several buffers; together they are `build`'s."""
        cdef _Bytes payload_bytes
        cdef bytes header = PyBytes_FromStringAndSize(NULL, HEADER_BYTES)
        payload = self.records() if not self.codec else compress(self.codec, self.records(), self.compression_level)
        _take(payload, &payload_bytes)
        try:
            self.put_header(
                <uint8_t *>PyBytes_AS_STRING(header), base_offset, payload_bytes.data, payload_bytes.size
            )
        finally:
            _release(&payload_bytes)
        return header, payload

    def build(self, int64_t base_offset=0):
        """The batch. Raises ValueError when there is no record in it."""
        cdef bytes batch
        cdef uint8_t *to
        if self.codec:
            return b"".join(self.build_parts(base_offset))
        self.check()
        batch = PyBytes_FromStringAndSize(NULL, self.size_in_bytes)
        to = <uint8_t *>PyBytes_AS_STRING(batch)
        memcpy(to + HEADER_BYTES, self._buffer + HEADER_BYTES, <size_t>(self.size_in_bytes - HEADER_BYTES))
        self.put_header(to, base_offset, to + HEADER_BYTES, self.size_in_bytes - HEADER_BYTES)
        return batch

    cdef int check(self) except -1:
        if not self.records_count:
            raise ValueError("a batch needs a record")
        return 0

    cdef bytes records(self):
        self.check()
        return PyBytes_FromStringAndSize(
            <const char *>self._buffer + HEADER_BYTES, self.size_in_bytes - HEADER_BYTES
        )

    cdef int put_header(
        self, uint8_t *header, int64_t base_offset, const uint8_t *payload, Py_ssize_t size
    ) except -1:
        cdef uint8_t *to
        cdef uint32_t crc
        if size > INT_MAX - HEADER_BYTES:
            raise ValueError(f"{size} bytes of records are too many for a batch")
        to = _put(header, base_offset, 8)
        to = _put(to, HEADER_BYTES - LENGTH_END + size, 4)
        to = _put(to, self.partition_leader_epoch, 4)
        to[0] = 2  # magic
        to = _put(header + CRC_END, self.attributes, 2)
        to = _put(to, self.records_count - 1, 4)
        to = _put(to, self._base_timestamp, 8)
        to = _put(to, self.max_timestamp, 8)
        to = _put(to, self.producer_id, 8)
        to = _put(to, self.producer_epoch, 2)
        to = _put(to, self.base_sequence, 4)
        _put(to, self.records_count, 4)
        crc = crc32c_extend(0, header + CRC_END, HEADER_BYTES - CRC_END)
        _put(header + CRC_START, crc32c_extend(crc, payload, <size_t>size), 4)
        return 0


cdef inline int64_t _timestamp(timestamp_ms) except -2:
    cdef int64_t timestamp = -2
    try:
        timestamp = PyNumber_Index(timestamp_ms)  # Cython itself would cut a float
    except OverflowError:
        pass
    if timestamp < -1:
        raise ValueError(f"a record's timestamp is {timestamp_ms} ms; it must be from -1 to 2⁶³-1")
    return timestamp
