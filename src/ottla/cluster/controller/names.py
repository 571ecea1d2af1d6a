"""Which topic names there can be."""

import re

from ottla.cluster.image import ClusterImage, collision_key
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.limits import MAX_TOPIC_NAME_LENGTH

INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
"""Topics that clients see marked as internal."""

METADATA_TOPIC = "__cluster_metadata"
"""Apache Kafka's own name for its metadata log: no topic may bear it."""

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)


def check_topic_name(name: str) -> None:
    """Raises KafkaError(INVALID_TOPIC_EXCEPTION) saying what is wrong."""
    if not name:
        problem = "it is empty"
    elif name in (".", ".."):
        problem = "it would be a directory's own name"
    elif len(name) > MAX_TOPIC_NAME_LENGTH:
        problem = f"it has {len(name)} characters and may have {MAX_TOPIC_NAME_LENGTH}"
    elif not _LEGAL.fullmatch(name):
        problem = "only ASCII letters, digits, '.', '_' and '-' are allowed"
    else:
        return
    raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"invalid topic name {name[:300]!r}: {problem}")


def check_new_topic(image: ClusterImage, name: str) -> None:
    """Raises KafkaError unless a topic of this name can be created now."""
    check_topic_name(name)
    if name == METADATA_TOPIC:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{name} is reserved and cannot be created")
    if name in image.topics:
        raise KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, f"topic {name!r} exists already")
    others = image.collisions.get(collision_key(name), frozenset()) if "." in name or "_" in name else ()
    if others:
        message = (
            f"topic {name!r} differs from {min(others)!r} only in '.' and '_', which metrics cannot tell"
        )
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, message)
