"""Many things asked for at once, of the brokers that they belong to, and again while that may help.

Rules. A round asks for everything that is still open, one request to each broker. What a broker says about one thing
settles it, unless the error is one that `again` names: then it is asked for in the next round, with fresh metadata,
for `default.api.timeout.ms` in all. A round that fails as a whole (no connection) leaves everything open; one that
fails for good (wrong password, version too old) is raised.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TypeVar

from ottla.client.admin.results import Results
from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.cluster import Cluster
from ottla.core.errors import CLASSES, CoordinatorError, ErrorCode, KafkaError, StaleMetadataError

Item = TypeVar("Item")
Value = TypeVar("Value")
Answers = Mapping[Item, Value | KafkaError]

_UNREACHABLE = frozenset({ErrorCode.NETWORK_EXCEPTION})
OF_CONTROLLER = frozenset({ErrorCode.NOT_CONTROLLER, ErrorCode.THROTTLING_QUOTA_EXCEEDED})
OF_COORDINATOR = frozenset(CLASSES[CoordinatorError]) | _UNREACHABLE
OF_LEADER = (frozenset(CLASSES[StaleMetadataError]) | _UNREACHABLE | {ErrorCode.OFFSET_NOT_AVAILABLE}) - {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}  # of that the metadata has told already
OF_BROKER = _UNREACHABLE


async def settle(
    cluster: Cluster,
    items: Iterable[Item],
    attempt: Callable[[list[Item]], Awaitable[Answers[Item, Value]]],
    again: Collection[ErrorCode],
) -> Results[Item, Value]:
    """Rounds of `attempt` until each item has its result or its error. Raises KafkaError when nothing can be asked."""
    results: Results[Item, Value] = Results()
    left = list(dict.fromkeys(items))
    results.update({item: KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR) for item in left})  # keeps their order
    give_up_at = cluster.clock.monotonic() + cluster.settings.default_api_timeout_ms / 1000
    attempts = 0
    while left:
        failure: KafkaError | None = None
        try:
            if attempts:
                await cluster.refresh(())
            results.update(_complete(left, await attempt(left)))
            left = [item for item in left if _is_open(results[item], again)]
        except KafkaError as error:
            if not (error.retriable or (attempts and error.code == ErrorCode.BROKER_NOT_AVAILABLE)):
                raise
            failure = error
        attempts += 1
        delay_s = backoff_seconds(cluster.settings, attempts)
        if left and cluster.clock.monotonic() + delay_s > give_up_at:
            if failure is not None:
                raise failure
            break
        if left:
            await asyncio.sleep(delay_s)
    return results


def _complete(items: list[Item], answers: Answers[Item, Value]) -> Answers[Item, Value]:
    silence = KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "the broker's answer leaves it out")
    return {item: answers.get(item, silence) for item in items}


def _is_open(result: object, again: Collection[ErrorCode]) -> bool:
    return isinstance(result, KafkaError) and result.code in again


async def by_broker(
    items: list[Item],
    broker_of: Callable[[Item], Awaitable[int]],
    ask: Callable[[int, list[Item]], Awaitable[Answers[Item, Value]]],
) -> Answers[Item, Value]:
    """One request to each broker that has some of the items. An error of one broker is that of its items.

    Raises what `KafkaError.retriable` says will not pass and concerns the whole client, from any of them.
    """
    answers: dict[Item, Value | KafkaError] = {}
    places: dict[int, list[Item]] = {}
    found = await asyncio.gather(*(_caught(broker_of(item)) for item in items))
    for item, place in zip(items, found, strict=True):
        if isinstance(place, KafkaError):
            answers[item] = place
        else:
            places.setdefault(place, []).append(item)
    replies = await asyncio.gather(*(_caught(ask(broker, theirs)) for broker, theirs in places.items()))
    for theirs, reply in zip(places.values(), replies, strict=True):
        answers.update(dict.fromkeys(theirs, reply) if isinstance(reply, KafkaError) else reply)
    return answers


async def _caught(work: Awaitable[Value]) -> Value | KafkaError:
    try:
        return await work
    except KafkaError as error:
        return error
