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
        """Connects with the first call. Raises OptionError for an option that cannot be."""
        self.settings = settings_from(AdminSettings, options)
        self._cluster = Cluster(bootstrap_servers, self.settings)

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """From the dotted names of Java's clients or librdkafka. Raises OptionError."""
        servers, options = from_config(AdminSettings, config)
        return cls(servers, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._cluster.close()

    def now_ms(self) -> int:
        """The client's wall clock."""
        return self._cluster.clock.now_ms()
