"""How long this process has run, interpreter's start and imports included."""

import os
from pathlib import Path

from ottla.core.clock import seconds_since_boot

_START_TIME = 19  # field 22 of proc(5)'s stat, counted from the one after the command's name


def process_age_seconds(stat: Path = Path("/proc/self/stat")) -> float | None:
    """Seconds since the process was started, to a hundredth; None where the system does not tell."""
    now = seconds_since_boot()
    try:
        fields = stat.read_text().rpartition(")")[2].split()  # a command's name may hold spaces and brackets
        started = int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
    return None if now is None or now < started else now - started
