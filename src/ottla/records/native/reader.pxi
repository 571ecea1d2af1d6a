# Records out of a batch.

cdef Record _record(_Cursor cursor, bint is_append_time, int64_t append_time, source, bint is_key_raw, bint is_value_raw):
    cdef Record record = Record.__new__(Record)
    record.offset = cursor.offset
    record.timestamp = append_time if is_append_time else cursor.timestamp
    record._timestamp_type = is_append_time
    record.raw_key = cursor.key()
    record.raw_value = cursor.value()
    record.headers = cursor.headers
    record.source = source
    record._key = record.raw_key if is_key_raw else _UNREAD
    record._value = record.raw_value if is_value_raw else _UNREAD
    PyObject_GC_UnTrack(<void *>record)  # bytes alone lead to no cycle; thousands of them need not be looked at
    return record


def read_records(batch, max_decompressed_bytes=MAX_DECOMPRESSED_BYTES):
    """The batch's records in order, control records too; the checksum is the caller's to ask for.

    Raises CorruptRecordError at the first thing that is not a record: nothing after it can be trusted.
    """
    cdef _Cursor cursor = _cursor_over(batch, max_decompressed_bytes)
    cdef bint is_append_time = batch.attributes & 8
    cdef int64_t append_time = batch.max_timestamp
    while cursor.advance():
        yield _record(cursor, is_append_time, append_time, NOWHERE, True, True)


def read_batch(
    batch, int64_t from_offset=0, source not None=NOWHERE, max_decompressed_bytes=MAX_DECOMPRESSED_BYTES
):
    """The batch's records at or after `from_offset`, as of `source`. Raises CorruptRecordError for any of them."""
    cdef _Cursor cursor = _cursor_over(batch, max_decompressed_bytes)
    cdef bint is_append_time = batch.attributes & 8
    cdef int64_t append_time = batch.max_timestamp
    cdef bint is_key_raw = source.key_deserializer is None
    cdef bint is_value_raw = source.value_deserializer is None
    cdef list records = []
    while cursor.advance():
        if cursor.offset >= from_offset:
            records.append(_record(cursor, is_append_time, append_time, source, is_key_raw, is_value_raw))
    return records


def read_values(batch, int64_t from_offset=0, max_decompressed_bytes=MAX_DECOMPRESSED_BYTES):
    """The values alone, of the records at or after `from_offset`. Raises CorruptRecordError as `read_batch`."""
    cdef _Cursor cursor = _cursor_over(batch, max_decompressed_bytes)
    cdef list values = []
    while cursor.advance():
        if cursor.offset >= from_offset:
            values.append(cursor.value())
    return values


def record_spans(body, int64_t count):
    """Each of the `count` records in `body` (decompressed). Raises CorruptRecordError unless they fill it."""
    cdef _Cursor cursor = _cursor(body, 0, count, 0, 0)
    while cursor.advance():
        yield (
            cursor.start, cursor.record_end, cursor.timestamp, cursor.offset, cursor.key(), cursor.value_size >= 0
        )
