"""The way to the cluster's brokers: finds them, keeps one connection to each, and knows who leads what."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from types import TracebackType
from typing import Self, TypeVar

from ottla.client.address import Address, parse_addresses
from ottla.client.backoff import backoff_seconds
from ottla.client.connections import Connections
from ottla.client.metadata import Metadata, TopicMetadata
from ottla.client.settings import ClientSettings
from ottla.core.clock import Clock, SystemClock
from ottla.core.errors import ErrorCode, KafkaError
from ottla.net.errors import KafkaConnectionError
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from ottla.wire.schema import Message

Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")


class Cluster:
    """Brokers and their metadata. Calls raise KafkaError; its `retriable` says whether that may pass."""

    def __init__(self, bootstrap_servers: str, settings: ClientSettings, clock: Clock | None = None) -> None:
        self.metadata = Metadata()
        self.settings = settings
        self.clock = clock or SystemClock()
        self._bootstrap = parse_addresses(bootstrap_servers)
        self._connections = Connections(settings)
        self._refreshed_at: dict[str, float] = {}
        self._one_question = asyncio.Lock()  # many may want to know the same topic at once

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Find a broker. Raises KafkaError when none answers, and is closed then."""
        try:
            await self.refresh(())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.close()

    async def ask(
        self, broker: int, request: Message, response: type[Response], max_version: int | None = None
    ) -> Response:
        """One broker's answer, by its node id."""
        address = self.metadata.brokers.get(broker)
        if address is None:
            raise KafkaError(ErrorCode.NETWORK_EXCEPTION, f"broker {broker} has no address in the metadata")
        return await self._connections.ask(address, request, response, max_version)

    async def tell(self, broker: int, request: Message, max_version: int | None = None) -> None:
        """Send one broker something that it does not answer."""
        address = self.metadata.brokers.get(broker)
        if address is None:
            raise KafkaError(ErrorCode.NETWORK_EXCEPTION, f"broker {broker} has no address in the metadata")
        await self._connections.tell(address, request, max_version)

    async def ask_any(
        self, request: Message, response: type[Response], max_version: int | None = None
    ) -> Response:
        """The answer of the first broker that can be reached."""
        failures: list[str] = []
        for address in self._candidates():
            try:
                return await self._connections.ask(address, request, response, max_version)
            except KafkaConnectionError as error:
                failures.append(str(error))
        raise KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, f"no broker answers: {'; '.join(failures)}")

    async def ask_controller(
        self, request: Message, response: type[Response], max_version: int | None = None
    ) -> Response:
        """The answer of the broker that takes changes to topics."""
        if not self.metadata.brokers:
            await self.refresh(())
        if self.metadata.controller_id in self.metadata.brokers:
            return await self.ask(self.metadata.controller_id, request, response, max_version)
        return await self.ask_any(request, response, max_version)

    async def refresh(self, topics: Collection[str] | None, *, create: bool = False) -> None:
        """Ask for the brokers and these topics (None for all) and remember the answer."""
        names = None if topics is None else [MetadataRequestTopic(name=name) for name in topics]
        request = MetadataRequest(topics=names, allow_auto_topic_creation=create)
        response = await self.ask_any(request, MetadataResponse)
        self.metadata = self.metadata.updated(response)
        now = self.clock.monotonic()
        self._refreshed_at.update({topic.name: now for topic in response.topics if topic.name})

    async def topic(self, name: str, *, create_timeout_ms: int = 0) -> TopicMetadata:
        """What is known about a topic, asked if it is not known or too old.

        With a `create_timeout_ms` the broker may create it, and has that long to be done.
        """
        if (known := self._fresh(name)) is not None:
            return known
        async with self._one_question:
            if (known := self._fresh(name)) is not None:
                return known
            try:
                return await self._ask_for_topic(name, create_timeout_ms)
            except KafkaError as error:
                old = self.metadata.topics.get(name)
                if error.code == ErrorCode.BROKER_NOT_AVAILABLE and old and old.error == ErrorCode.NONE:
                    return old  # better than nothing, and whoever uses it will ask again when it is wrong
                raise

    def _fresh(self, name: str) -> TopicMetadata | None:
        known = self.metadata.topics.get(name)
        if known is None or known.error != ErrorCode.NONE:
            return None
        age = self.clock.monotonic() - self._refreshed_at[name]
        return known if age * 1000 <= self.settings.metadata_max_age_ms else None

    async def _ask_for_topic(self, name: str, create_timeout_ms: int) -> TopicMetadata:
        give_up_at = self.clock.monotonic() + create_timeout_ms / 1000
        attempts = 0
        while True:
            await self.refresh([name], create=create_timeout_ms > 0)
            topic = self.metadata.topics[name]
            if topic.error == ErrorCode.NONE:
                return topic
            attempts += 1
            delay = backoff_seconds(self.settings, attempts)
            error = topic_error(name, topic.error)
            if not error.retriable or self.clock.monotonic() + delay > give_up_at:
                raise error
            await asyncio.sleep(delay)

    async def retrying(
        self, attempt: Callable[[], Awaitable[Result]], topics: Collection[str] = ()
    ) -> Result:
        """`attempt`, again with fresh metadata while failures are retriable, for `default.api.timeout.ms`.

        Once something was there to retry, it goes on also while no broker answers.
        """
        give_up_at = self.clock.monotonic() + self.settings.default_api_timeout_ms / 1000
        attempts = 0
        while True:
            try:
                if attempts:
                    await self.refresh(topics)
                return await attempt()
            except KafkaError as error:
                nobody_is_there = attempts > 0 and error.code == ErrorCode.BROKER_NOT_AVAILABLE
                attempts += 1
                delay = backoff_seconds(self.settings, attempts)
                in_time = self.clock.monotonic() + delay <= give_up_at
                if not (error.retriable or nobody_is_there) or not in_time:
                    raise
                await asyncio.sleep(delay)

    def _candidates(self) -> Iterator[Address]:
        """Connected brokers first, then the known ones, then those we were told at the start."""
        known = list(dict.fromkeys([*self.metadata.brokers.values(), *self._bootstrap]))
        yield from sorted(known, key=lambda address: address not in self._connections)


def topic_error(name: str, code: ErrorCode) -> KafkaError:
    """What a topic's error code means to the person who named the topic."""
    if code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        return KafkaError(code, f"topic {name} does not exist; `ottla topics create {name}` makes it")
    if code == ErrorCode.INVALID_TOPIC_EXCEPTION:
        allowed = "letters, digits, dot, dash and underscore, at most 249 of them"
        return KafkaError(code, f"{name!r} is not a topic name; allowed are {allowed}")
    return KafkaError(code, f"topic {name}: {code.name}")
