"""DeleteTopics: by name or by id, each topic once."""

from collections import Counter

from ottla.cluster import keys
from ottla.cluster.controller.decision import OK, Decision, Verdict
from ottla.cluster.image import ClusterImage
from ottla.cluster.keys import ResourceType
from ottla.cluster.store import Delete
from ottla.core.errors import ErrorCode, KafkaError
from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages.delete_topics import DeleteTopicState

Deletion = tuple[DeleteTopicState, Verdict]
"""What was asked for, with name and id both filled in where the topic was found."""


def delete_topics(image: ClusterImage, topics: list[DeleteTopicState]) -> Decision[list[Deletion]]:
    """One verdict for each topic or unknown item, in the order of the request."""
    items = [(topic.name, topic.topic_id) for topic in topics]
    counts = Counter(items)
    owners = Counter(_topic_name(image, *item) for item in counts)
    writes: list[Delete] = []
    deletions: dict[tuple[str | None, bytes], Deletion] = {}
    for name, topic_id in counts:
        state = DeleteTopicState(name=name, topic_id=topic_id)
        try:
            _check_item(name, topic_id, counts[name, topic_id])
            found = _topic_name(image, name, topic_id)
            if found is None:
                raise _unknown(name)
            state = DeleteTopicState(name=found, topic_id=image.topics[found].id)
            if owners[found] > 1:
                message = f"topic {found!r} is in the request by name and by id"
                raise KafkaError(ErrorCode.INVALID_REQUEST, message)
            writes.append(Delete(keys.topic(found)))
            writes.append(Delete(keys.configs((ResourceType.TOPIC, found))))
            verdict = OK
        except KafkaError as error:
            verdict = Verdict(error.code, error.message)
        deletions[state.name, state.topic_id] = (state, verdict)
    return Decision(tuple(writes), list(deletions.values()))


def _topic_name(image: ClusterImage, name: str | None, topic_id: bytes) -> str | None:
    """The name of the topic that the item stands for, when there is such a topic."""
    if name is None:
        return image.topic_names.get(topic_id)
    return name if topic_id == ZERO_UUID and name in image.topics else None


def _check_item(name: str | None, topic_id: bytes, count: int) -> None:
    if name is None and topic_id == ZERO_UUID:
        problem = "a topic needs a name or an id"
    elif name is not None and topic_id != ZERO_UUID:
        problem = "a topic is given by its name or by its id, not by both"
    elif count > 1:
        problem = f"the topic is in the request {count} times"
    else:
        return
    raise KafkaError(ErrorCode.INVALID_REQUEST, problem)


def _unknown(name: str | None) -> KafkaError:
    if name is None:
        return KafkaError(ErrorCode.UNKNOWN_TOPIC_ID, "there is no topic with this id")
    return KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}")
