"""What a consumer is to read: topics by name, by a pattern of names, or partitions by hand; and whom to tell."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, TypeVar

from ottla.client.brokers.metadata import Metadata, TopicPartition
from ottla.client.config.options import OptionError
from ottla.client.membership.machine import Wanted
from ottla.client.topic import Topic, topic_name
from ottla.core.errors import ErrorCode, KafkaError

Hook = Callable[[frozenset[TopicPartition]], Awaitable[None] | None]
HookT = TypeVar("HookT", bound=Hook)


class Hooks:
    """Functions of the application, awaited when partitions come and go."""

    def __init__(self) -> None:
        self.assigned: list[Hook] = []
        self.revoked: list[Hook] = []
        self.lost: list[Hook] = []
        self._calling: asyncio.Task[Any] | None = None

    async def call(self, hooks: Iterable[Hook], partitions: frozenset[TopicPartition]) -> None:
        """Each in turn. Raises what the first one that fails raises."""
        self._calling = asyncio.current_task()
        try:
            for hook in list(hooks):
                awaitable = hook(partitions)
                if awaitable is not None:
                    await awaitable
        finally:
            self._calling = None

    def raise_if_calling(self, what: str) -> None:
        """Raises KafkaError in a hook: `what` waits for the hook, which would wait for that."""
        if self._calling is not None and asyncio.current_task() is self._calling:
            raise called_in_hook(what)

    @property
    def when_lost(self) -> list[Hook]:
        """As with Java's: who says nothing about losses is told of a revocation."""
        return self.lost or self.revoked


def called_in_hook(what: str) -> KafkaError:
    """What to say to a hook that waits for what waits for the hook."""
    advice = "raise an exception in the hook, and the next read raises it; or leave it to another task"
    return KafkaError(ErrorCode.INVALID_REQUEST, f"{what} waits for the hook that calls it", advice=advice)


class Subscription:
    """One of: nothing, topics, a pattern, partitions by hand."""

    def __init__(self) -> None:
        self.hooks = Hooks()
        self.by_hand = False
        self.was_ever = False
        """Whether it has been anything but nothing."""
        self.broker_evaluates = False
        """Whether a pattern that is text is the broker's to evaluate (RE2, KIP-848)."""
        self._decided = False
        self._pattern: str | re.Pattern[str] | None = None
        self._compiled: re.Pattern[str] | None = None
        self._topics: frozenset[str] = frozenset()

    @property
    def topics(self) -> frozenset[str]:
        """By name, as far as they are known; those of a pattern that the broker evaluates are not."""
        return self._topics

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """One that is evaluated here, against all topics that there are."""
        return self._compiled

    @property
    def is_empty(self) -> bool:
        return not (self.by_hand or self._topics or self._pattern is not None)

    @property
    def wanted(self) -> Wanted:
        """For the group."""
        is_brokers = isinstance(self._pattern, str) and self.broker_evaluates
        return Wanted(self._topics, str(self._pattern) if is_brokers else None)

    def to_topics(self, topics: Collection[str | Topic[Any, Any]]) -> None:
        """Raises TypeError for what is no topic, and for a single string: it would be taken for a list of letters."""
        if isinstance(topics, str | Topic):
            raise TypeError(f"subscribe takes a list of topics; write [{topics!r}]")
        names = frozenset(map(topic_name, topics))
        self._clear()
        self._topics, self.was_ever = names, True

    def to_pattern(self, pattern: str | re.Pattern[str]) -> None:
        """A text is evaluated by the broker where it can; else here, as Python's, as a compiled one always is.

        Raises OptionError for a text that Python cannot compile, where it has to.
        """
        self._clear()
        self._pattern, self.was_ever = pattern, True
        if self._decided:
            self._compile()

    def decide(self, *, broker_evaluates: bool) -> None:
        """Who evaluates patterns, known once a broker has been asked. Raises OptionError as `to_pattern`."""
        self._decided, self.broker_evaluates = True, broker_evaluates
        self._compile()

    def _compile(self) -> None:
        if not isinstance(self._pattern, str):
            self._compiled = self._pattern
        elif not self.broker_evaluates:
            try:
                self._compiled = re.compile(self._pattern)
            except re.error as error:
                raise OptionError(f"pattern {self._pattern!r} is no regular expression: {error}") from error

    def to_partitions(self) -> None:
        """By hand, without the group's help."""
        self._clear()
        self.by_hand = self.was_ever = True

    def to_nothing(self) -> None:
        self._clear()

    def resolve(self, metadata: Metadata, *, exclude_internal: bool) -> bool:
        """Find the pattern's topics. Returns whether they are others than before."""
        pattern = self.pattern
        if pattern is None:
            return False
        found = frozenset(
            name
            for name, topic in metadata.topics.items()
            if topic.error is ErrorCode.NONE
            and pattern.fullmatch(name)
            and not (exclude_internal and topic.is_internal)
        )
        changed, self._topics = found != self._topics, found
        return changed

    def _clear(self) -> None:
        self.by_hand, self._pattern, self._compiled, self._topics = False, None, None, frozenset()
