# A record, its key and value deserialised when they are first asked for.

cdef extern from "Python.h":
    void PyObject_GC_Track(void *)
    void PyObject_GC_UnTrack(void *)
    bint PyObject_GC_IsTracked(object)

cdef tuple _TIMESTAMP_TYPES = tuple(TimestampType)
cdef object _UNREAD = object()  # in place of a key or value that is still to be deserialised


@cython.final
@cython.freelist(1024)
cdef class Record:
    """One record with its place in the partition; not to be changed.

    `timestamp` is in milliseconds since 1970, -1 for none. `key` and `value` are what the source's
    deserializers make of `raw_key` and `raw_value`; what those raise is raised at every access.
    Two records are equal when their bytes and places are.
    """

    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef int _timestamp_type
    cdef readonly object raw_key
    cdef readonly object raw_value
    cdef readonly object headers
    cdef readonly object source
    cdef object _key
    cdef object _value

    def __init__(
        self, int64_t offset, int64_t timestamp, timestamp_type, key, value, headers=(), source not None=NOWHERE
    ):
        self.offset = offset
        self.timestamp = timestamp
        self._timestamp_type = TimestampType(timestamp_type)
        self.raw_key = key
        self.raw_value = value
        self.headers = headers
        self.source = source
        self._key = key if source.key_deserializer is None else _UNREAD
        self._value = value if source.value_deserializer is None else _UNREAD

    @classmethod
    def __class_getitem__(cls, parameters):
        return GenericAlias(cls, parameters)

    @property
    def key(self):
        if self._key is _UNREAD:
            source = self.source
            self._key = source.key_deserializer(self.raw_key, source.topic, self.headers)
            _track(self)
        return self._key

    @property
    def value(self):
        if self._value is _UNREAD:
            source = self.source
            self._value = source.value_deserializer(self.raw_value, source.topic, self.headers)
            _track(self)
        return self._value

    @property
    def timestamp_type(self):
        return _TIMESTAMP_TYPES[self._timestamp_type]

    @property
    def topic(self):
        return self.source.topic

    @property
    def partition(self):
        return self.source.partition

    @property
    def leader_epoch(self):
        """The epoch that the record's batch was written under; -1 when it is not known."""
        return self.source.leader_epoch

    def __eq__(self, other):
        if not isinstance(other, Record):
            return NotImplemented
        return _identity(self) == _identity(<Record>other)

    def __hash__(self):
        return hash((self.source.topic, self.source.partition, self.offset))

    def __reduce__(self):
        fields = (self.offset, self.timestamp, self.timestamp_type, self.raw_key, self.raw_value)
        return restore, (*fields, self.headers, self.source)

    def __repr__(self):
        return describe(self)


cdef tuple _identity(Record record):
    source = record.source
    place = (source.topic, source.partition, record.offset, record.timestamp, record._timestamp_type)
    return (*place, record.raw_key, record.raw_value, record.headers)


cdef inline void _track(Record record):
    """Show `record` to the garbage collector: what a deserializer made may lead back to it."""
    if not PyObject_GC_IsTracked(record):
        PyObject_GC_Track(<void *>record)
