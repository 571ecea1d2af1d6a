"""The admin for programs without asyncio: every call of the asyncio one, with the same signature."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from ottla.client.admin import Admin as AsyncAdmin
from ottla.client.config.names import from_config
from ottla.client.config.options import AdminOptions
from ottla.client.config.settings import AdminSettings
from ottla.client.sync.client import SyncClient

T = TypeVar("T")
P = ParamSpec("P")


def _blocking(
    call: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Admin", P], T]:
    """The same call, which returns when it is done."""

    @wraps(call)
    def ask(self: "Admin", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._ask(call(self._client, *args, **kwargs))

    return ask


class Admin(SyncClient[AsyncAdmin]):
    """`with Admin("localhost:9092") as admin: admin.create_topics(["orders"])`; any thread may use it.

    A call about several things returns `Results`: each with its result or its KafkaError. A call that cannot be made
    at all (nobody answers, the password is wrong, the broker is too old) raises KafkaError.
    """

    def __init__(
        self, bootstrap_servers: str | Sequence[str] = "localhost:9092", **options: Unpack[AdminOptions]
    ) -> None:
        """Raises OptionError for an option that cannot be."""
        self._client = AsyncAdmin(bootstrap_servers, **options)

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """From the dotted names of Java's clients or librdkafka. Raises OptionError."""
        servers, options = from_config(AdminSettings, config)
        return cls(servers, **options)

    @property
    def settings(self) -> AdminSettings:
        """What it was told, and the defaults of the rest."""
        return self._client.settings

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. May be called twice."""
        if self._loop is not None:
            try:
                self._ask(self._client.close())
            finally:
                self._leave()

    async def _begin(self) -> None:
        await self._client.start()

    def now_ms(self) -> int:
        """The client's wall clock."""
        return self._client.now_ms()

    list_topics = _blocking(AsyncAdmin.list_topics)
    describe_topics = _blocking(AsyncAdmin.describe_topics)
    create_topics = _blocking(AsyncAdmin.create_topics)
    create_topic = _blocking(AsyncAdmin.create_topic)
    delete_topics = _blocking(AsyncAdmin.delete_topics)
    delete_topic = _blocking(AsyncAdmin.delete_topic)
    create_partitions = _blocking(AsyncAdmin.create_partitions)
    describe_configs = _blocking(AsyncAdmin.describe_configs)
    alter_configs = _blocking(AsyncAdmin.alter_configs)
    list_config_resources = _blocking(AsyncAdmin.list_config_resources)
    delete_records = _blocking(AsyncAdmin.delete_records)
    describe_log_dirs = _blocking(AsyncAdmin.describe_log_dirs)
    describe_cluster = _blocking(AsyncAdmin.describe_cluster)
    describe_features = _blocking(AsyncAdmin.describe_features)
    update_features = _blocking(AsyncAdmin.update_features)
    list_groups = _blocking(AsyncAdmin.list_groups)
    describe_groups = _blocking(AsyncAdmin.describe_groups)
    delete_groups = _blocking(AsyncAdmin.delete_groups)
    remove_static_members = _blocking(AsyncAdmin.remove_static_members)
    list_group_offsets = _blocking(AsyncAdmin.list_group_offsets)
    alter_group_offsets = _blocking(AsyncAdmin.alter_group_offsets)
    delete_group_offsets = _blocking(AsyncAdmin.delete_group_offsets)
    list_offsets = _blocking(AsyncAdmin.list_offsets)
    describe_producers = _blocking(AsyncAdmin.describe_producers)
    list_transactions = _blocking(AsyncAdmin.list_transactions)
    describe_transactions = _blocking(AsyncAdmin.describe_transactions)
    fence_producers = _blocking(AsyncAdmin.fence_producers)
    find_hanging_transactions = _blocking(AsyncAdmin.find_hanging_transactions)
    abort_transaction = _blocking(AsyncAdmin.abort_transaction)
