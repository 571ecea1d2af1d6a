"""The class that has all the calls."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, Unpack

from ottla.client.admin.brokers import BrokerCalls
from ottla.client.admin.configs import ConfigCalls
from ottla.client.admin.group_offsets import GroupOffsetCalls
from ottla.client.admin.groups import GroupCalls
from ottla.client.admin.log_dirs import LogDirCalls
from ottla.client.admin.offsets import OffsetCalls
from ottla.client.admin.records import RecordCalls
from ottla.client.admin.topics import TopicCalls
from ottla.client.admin.transactions import TransactionCalls
from ottla.client.brokers.cluster import Cluster
from ottla.client.config.names import from_config
from ottla.client.config.options import AdminOptions
from ottla.client.config.settings import AdminSettings, settings_from
from ottla.core.errors import ErrorCode, KafkaError


class Admin(
    TopicCalls,
    ConfigCalls,
    RecordCalls,
    LogDirCalls,
    BrokerCalls,
    GroupCalls,
    GroupOffsetCalls,
    OffsetCalls,
    TransactionCalls,
):
    """`async with Admin("localhost:9092") as admin: await admin.create_topics(["orders"])`.

    A call about several things returns `Results`: each with its result or its KafkaError. A call that cannot be made
    at all (nobody answers, the password is wrong, the broker is too old) raises KafkaError.
    """

    def __init__(
        self, bootstrap_servers: str | Sequence[str] = "localhost:9092", **options: Unpack[AdminOptions]
    ) -> None:
        """Raises OptionError for an option that cannot be."""
        self.settings = settings_from(AdminSettings, options)
        self._brokers = Cluster(bootstrap_servers, self.settings)
        self._is_started = False

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """From the dotted names of Java's clients or librdkafka. Raises OptionError."""
        servers, options = from_config(AdminSettings, config)
        return cls(servers, **options)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Find a broker, once. Raises KafkaError when none answers; the admin is closed then."""
        if not self._is_started:
            await self._brokers.connect()
            self._is_started = True

    async def close(self) -> None:
        """Close every connection. May be called twice."""
        await self._brokers.close()

    def now_ms(self) -> int:
        """The client's wall clock."""
        return self._brokers.clock.now_ms()

    @property
    def _cluster(self) -> Cluster:
        if not self._is_started:
            problem = "this admin is not started; use `async with`, or `await start()`"
            raise KafkaError(ErrorCode.INVALID_REQUEST, problem)
        return self._brokers
