"""The way to the cluster's brokers: finds them, keeps one connection to each, and knows who leads what."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from ottla.client.brokers.address import Address, parse_addresses
from ottla.client.brokers.backoff import backoff_seconds
from ottla.client.brokers.bootstrap import expanded
from ottla.client.brokers.connections import Connections, Request, Throttled
from ottla.client.brokers.coordinators import Coordinators, CoordinatorType, found, request_for
from ottla.client.brokers.home import Home
from ottla.client.brokers.metadata import Metadata, TopicMetadata
from ottla.client.config.settings import ClientSettings
from ottla.core.clock import Clock, SystemClock
from ottla.core.errors import ErrorCode, KafkaError, error_of
from ottla.net.errors import KafkaConnectionError
from ottla.net.negotiation import BrokerVersions
from ottla.wire.messages.find_coordinator import FindCoordinatorResponse
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from ottla.wire.schema import Message

_log = logging.getLogger("ottla.client")
Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")


class Cluster:
    """Brokers and their metadata. Calls raise KafkaError; its `retriable` says whether that may pass."""

    def __init__(
        self, bootstrap_servers: str | Sequence[str], settings: ClientSettings, clock: Clock | None = None
    ) -> None:
        self.metadata = Metadata()
        self.settings = settings
        self.clock = clock or SystemClock()
        self.home = Home()
        self._servers = parse_addresses(bootstrap_servers)
        self._connections = Connections(settings, self.clock)
        self._coordinators = Coordinators()
        self._refreshed_at: dict[str, float] = {}
        self._unanswered_since: float | None = None
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
        self.home.check()
        await self._connections.close()

    def more_connections(self) -> Connections:
        """Beside the cluster's own, to the same brokers and by the same settings."""
        return self._connections.beside()

    def on_throttled(self, told: Throttled) -> None:
        """`told` is called when a broker wants to hear nothing for a while (KIP-219), which is obeyed here."""
        self._connections.on_throttled = told

    async def ask(
        self, broker: int, request: Request, response: type[Response], max_version: int | None = None
    ) -> Response:
        """One broker's answer, by its node id."""
        try:
            return await self._connections.ask(self.address(broker), request, response, max_version)
        except KafkaError as error:
            error.broker, error.api = broker, response.__name__.removesuffix("Response")
            raise

    async def tell(self, broker: int, request: Message, max_version: int | None = None) -> None:
        """Send one broker something that it does not answer."""
        await self._connections.tell(self.address(broker), request, max_version)

    async def versions(self, broker: int) -> BrokerVersions:
        """The versions and features of one broker, by its node id."""
        return await self._connections.versions(self.address(broker))

    def address(self, broker: int) -> Address:
        """Where it is, by its node id. Raises KafkaError when that is not known."""
        self.home.check()
        address = self.metadata.brokers.get(broker)
        if address is None:
            raise KafkaError(ErrorCode.NETWORK_EXCEPTION, f"broker {broker} has no address in the metadata")
        return address

    async def ask_any(
        self, request: Request, response: type[Response], max_version: int | None = None
    ) -> Response:
        """The answer of the first broker that can be reached."""
        self.home.check()
        failures: list[str] = []
        for address in await self._candidates():
            try:
                return await self._connections.ask(address, request, response, max_version)
            except KafkaConnectionError as error:
                failures.append(str(error))
        raise KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, f"no broker answers: {'; '.join(failures)}")

    async def ask_controller(
        self, request: Request, response: type[Response], max_version: int | None = None
    ) -> Response:
        """The answer of the broker that takes changes to topics."""
        if not self.metadata.brokers:
            await self.refresh(())
        if self.metadata.controller_id in self.metadata.brokers:
            return await self.ask(self.metadata.controller_id, request, response, max_version)
        return await self.ask_any(request, response, max_version)

    async def coordinator(self, key: str, key_type: CoordinatorType) -> int:
        """The node id of the broker that coordinates a group or a transactional id, asked if it is not known."""
        known = self._coordinators.get(key, key_type)
        if known is not None and known in self.metadata.brokers:
            return known
        response = await self.ask_any(partial(request_for, key, key_type), FindCoordinatorResponse)
        node_id, address = found(response, key, key_type)
        self.metadata = self.metadata.with_broker(node_id, address)
        self._coordinators.remember(key, key_type, node_id)
        return node_id

    def forget_coordinator(self, key: str, key_type: CoordinatorType) -> None:
        """It is another broker by now: ask next time."""
        self._coordinators.forget(key, key_type)

    async def refresh(self, topics: Collection[str] | None, *, create: bool = False) -> None:
        """Ask for the brokers and these topics (None for all) and remember the answer."""
        names = None if topics is None else [MetadataRequestTopic(name=name) for name in topics]
        request = MetadataRequest(topics=names, allow_auto_topic_creation=create)
        response = await self._answered(request)
        self.metadata = self.metadata.updated(response, complete=topics is None)
        now = self.clock.monotonic()
        self._refreshed_at.update({topic.name: now for topic in response.topics if topic.name})

    async def _answered(self, request: MetadataRequest) -> MetadataResponse:
        """Metadata, after starting again from the bootstrap servers where that is called for (KIP-899, KIP-1102)."""
        if self._is_lost():
            await self.bootstrap_again()
        try:
            response = await self.ask_any(request, MetadataResponse)
            if response.error_code == ErrorCode.REBOOTSTRAP_REQUIRED and self._may_start_again:
                await self.bootstrap_again()
                response = await self.ask_any(request, MetadataResponse)
        except KafkaError:
            if self._unanswered_since is None:
                self._unanswered_since = self.clock.monotonic()
            raise
        if response.error_code != ErrorCode.NONE:
            raise error_of(response.error_code, api="Metadata")
        self._unanswered_since = None
        return response

    @property
    def _may_start_again(self) -> bool:
        return self.settings.metadata_recovery_strategy == "rebootstrap"

    def _is_lost(self) -> bool:
        if self._unanswered_since is None or not self._may_start_again:
            return False
        waited_ms = (self.clock.monotonic() - self._unanswered_since) * 1000
        return waited_ms >= self.settings.metadata_recovery_rebootstrap_trigger_ms

    async def bootstrap_again(self) -> None:
        """Forget which brokers there are: they are asked for again from the bootstrap servers."""
        _log.info("starting again from %s", ", ".join(map(str, self._servers)))
        await self._connections.forget(set(self.metadata.brokers.values()))
        self.metadata = replace(self.metadata, brokers={}, controller_id=-1)
        self._coordinators.clear()
        self._unanswered_since = None

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

    async def _candidates(self) -> list[Address]:
        """Connected brokers first, those that just failed last; then the ones we were told at the start."""
        known = list(self.metadata.brokers.values())
        if self._may_start_again or not known:
            known += await expanded(self._servers, self.settings.client_dns_lookup)
        return sorted(
            dict.fromkeys(known),
            key=lambda address: (address not in self._connections, self._connections.is_resting(address)),
        )


def topic_error(name: str, code: ErrorCode) -> KafkaError:
    """What a topic's error code means to the person who named the topic."""
    if code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        return KafkaError(code, f"topic {name} does not exist; `ottla topics create {name}` makes it")
    if code == ErrorCode.INVALID_TOPIC_EXCEPTION:
        allowed = "letters, digits, dot, dash and underscore, at most 249 of them"
        return KafkaError(code, f"{name!r} is not a topic name; allowed are {allowed}")
    return KafkaError(code, f"topic {name}: {code.name}")
