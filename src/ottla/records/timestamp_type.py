"""Who set a batch's timestamps."""

from enum import IntEnum


class TimestampType(IntEnum):
    """Bit 3 of the attributes."""

    CREATE_TIME = 0
    LOG_APPEND_TIME = 1
