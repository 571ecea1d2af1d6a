"""Java's hash of a string, which decides what is coordinated where."""


def java_hash(text: str) -> int:
    """`String.hashCode()`: over UTF-16 code units, a signed 32-bit number."""
    hashed = 0
    data = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(data[::2], data[1::2], strict=True):
        hashed = (31 * hashed + (high << 8 | low)) & 0xFFFFFFFF
    return hashed - (hashed >> 31 << 32)


def coordinator_partition(key: str, partition_count: int) -> int:
    """The partition of an internal topic that a group id or a transactional id belongs to."""
    hashed = java_hash(key)
    return 0 if hashed == -(2**31) else abs(hashed) % partition_count
