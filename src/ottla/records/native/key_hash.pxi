# The hash of a key, and which keys go to which partition.

cdef uint32_t _murmur2(const uint8_t *data, Py_ssize_t size) noexcept nogil:
    cdef uint32_t multiplier = 0x5BD1E995
    cdef uint32_t hashed = <uint32_t>0x9747B28C ^ <uint32_t>size
    cdef uint32_t word
    while size >= 4:
        word = data[0] | <uint32_t>data[1] << 8 | <uint32_t>data[2] << 16 | <uint32_t>data[3] << 24
        word *= multiplier
        word ^= word >> 24
        hashed = hashed * multiplier ^ word * multiplier
        data += 4
        size -= 4
    if size > 0:
        while size > 0:
            size -= 1
            hashed ^= <uint32_t>data[size] << 8 * size
        hashed *= multiplier
    hashed = (hashed ^ hashed >> 13) * multiplier
    return hashed ^ hashed >> 15


def murmur2(key not None):
    """The 32-bit murmur2 hash, unsigned, with the seed that Kafka's Java client uses."""
    cdef _Bytes taken
    cdef uint32_t hashed
    _take(key, &taken)
    hashed = _murmur2(taken.data, taken.size)
    _release(&taken)
    return hashed


def partition_for_key(key not None, int partition_count):
    """The partition of `key`; every Kafka client with murmur2 agrees on it."""
    cdef _Bytes taken
    cdef uint32_t hashed
    if partition_count < 1:
        raise ValueError(f"{partition_count} partitions; there must be at least one")
    _take(key, &taken)
    hashed = _murmur2(taken.data, taken.size) & 0x7FFFFFFF
    _release(&taken)
    return hashed % <uint32_t>partition_count


def indexes_by_partition(keys, int partition_count):
    """For each partition the indexes of its keys, in order; then, in one list more, those of no key."""
    cdef _Bytes taken
    cdef Py_ssize_t index = 0
    cdef list apart
    if partition_count < 1:
        raise ValueError(f"{partition_count} partitions; there must be at least one")
    apart = [[] for _ in range(partition_count + 1)]
    for key in keys:
        _take(key, &taken)
        if taken.size < 0:
            (<list>apart[partition_count]).append(index)
        else:
            place = (_murmur2(taken.data, taken.size) & 0x7FFFFFFF) % <uint32_t>partition_count
            _release(&taken)
            (<list>apart[place]).append(index)
        index += 1
    return apart
