"""Every bound in the system, with its reason and unit. A limit that a config can move names the config."""

MAX_ARRAY_ELEMENTS = 1_000_000
"""Elements that one array of a request may announce, so that 4 bytes cannot ask for gigabytes."""

MAX_TAGGED_FIELDS = 10_000
"""Tagged fields in one structure, for the same reason."""

MAX_REQUEST_BYTES = 104_857_600
"""Default of `socket.request.max.bytes`: 100 MiB, as Apache Kafka's."""
