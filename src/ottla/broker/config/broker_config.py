"""The broker's configs as they are now: defaults, settings at start, and what was altered while running.

Read by name and type: `config.integer("num.partitions")`. The same object is kept for the broker's life and
always gives the present value; those who must act on a change subscribe.
"""

from collections.abc import Callable, Mapping

from ottla.broker.config.definition import ConfigError
from ottla.broker.config.definitions import BROKER
from ottla.broker.config.listeners import (
    SUPPORTED_PROTOCOLS,
    Listener,
    parse_listeners,
    parse_protocol_map,
)
from ottla.broker.config.sources import BROKER_SOURCES, ConfigSource
from ottla.broker.config.types import Value

OnChange = Callable[[frozenset[str]], None]
"""Called with the names whose value changed."""


class BrokerConfig:
    """Built from the settings' texts. Raises ConfigError naming key, value and what is allowed."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        static = _with_both_ids(dict(texts or {}))
        defaults = {name: one.default_text for name, one in BROKER.items() if one.default is not None}
        self._layers: dict[ConfigSource, Mapping[str, str]] = {
            ConfigSource.DYNAMIC_BROKER_CONFIG: {},
            ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG: {},
            ConfigSource.STATIC_BROKER_CONFIG: static,
            ConfigSource.DEFAULT_CONFIG: {name: text for name, text in defaults.items() if text is not None},
        }
        self._listeners: list[OnChange] = []
        self._values = self._effective()
        self.node_id = self.integer("node.id")
        self.log_directories = self.items("log.dirs" if self.value("log.dirs") is not None else "log.dir")
        if not self.log_directories or not all(self.log_directories):
            raise ConfigError("log.dirs", static.get("log.dirs", ""), "it must name a directory")
        self.listeners, self.advertised_listeners = self._parse_listeners()

    # Reading.

    def value(self, name: str) -> Value:
        """The present value; None where it is not set and has no default. KeyError for a name not defined."""
        return self._values[name]

    def integer(self, name: str) -> int:
        value = self._values[name]
        assert isinstance(value, int), name
        return value

    def number(self, name: str) -> float:
        value = self._values[name]
        assert isinstance(value, float), name
        return value

    def boolean(self, name: str) -> bool:
        value = self._values[name]
        assert isinstance(value, bool), name
        return value

    def text(self, name: str) -> str:
        value = self._values[name]
        assert isinstance(value, str), name
        return value

    def items(self, name: str) -> tuple[str, ...]:
        """A list's parts; nothing when it is not set."""
        value = self._values[name]
        assert value is None or isinstance(value, tuple), name
        return value or ()

    def source(self, name: str) -> ConfigSource:
        """The layer that the present value is from."""
        return next(source for source in BROKER_SOURCES if self._has(source, name))

    def layer(self, source: ConfigSource) -> Mapping[str, str]:
        """What one layer sets, as text."""
        return self._layers[source]

    # Changing.

    def set_dynamic(self, for_all: Mapping[str, str], for_this: Mapping[str, str]) -> frozenset[str]:
        """Replace what was altered while running: for all brokers, and for this one. Tells the subscribers.

        The texts are expected to have passed `check_dynamic`. Returns the names whose value changed.
        """
        known = {name: text for name, text in for_this.items() if name in BROKER}
        self._layers[ConfigSource.DYNAMIC_BROKER_CONFIG] = known
        known = {name: text for name, text in for_all.items() if name in BROKER}
        self._layers[ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG] = known
        before, self._values = self._values, self._effective()
        changed = frozenset(name for name, value in self._values.items() if value != before[name])
        if changed:
            for on_change in self._listeners:
                on_change(changed)
        return changed

    def subscribe(self, on_change: OnChange) -> None:
        self._listeners.append(on_change)

    def _has(self, source: ConfigSource, name: str) -> bool:
        return source is ConfigSource.DEFAULT_CONFIG or name in self._layers[source]

    def _effective(self) -> dict[str, Value]:
        texts: dict[str, str] = {}
        for source in reversed(BROKER_SOURCES[:-1]):
            texts.update(self._layers[source])
        values = {
            name: definition.parse(texts[name]) if name in texts else definition.default
            for name, definition in BROKER.items()
        }
        return values | {"broker.id": values["node.id"]}

    def _parse_listeners(self) -> tuple[tuple[Listener, ...], tuple[Listener, ...]]:
        """Those to open, and those to advertise."""
        protocols = parse_protocol_map(self.text("listener.security.protocol.map"))
        controllers = {name.upper() for name in self.items("controller.listener.names")}
        addresses = self.items("listeners")
        listeners = tuple(
            listener
            for listener in parse_listeners("listeners", addresses, protocols)
            if listener.name not in controllers
        )
        if not listeners:
            raise ConfigError("listeners", ",".join(addresses), "none of them is for clients")
        for listener in listeners:
            if listener.security_protocol not in SUPPORTED_PROTOCOLS:
                reason = f"{listener.security_protocol} is not there yet; {', '.join(SUPPORTED_PROTOCOLS)} is"
                raise ConfigError("listeners", ",".join(addresses), reason)
        return listeners, self._parse_advertised(listeners, protocols, controllers)

    def _parse_advertised(
        self, listeners: tuple[Listener, ...], protocols: Mapping[str, str], controllers: set[str]
    ) -> tuple[Listener, ...]:
        key = "advertised.listeners"
        addresses = self.items(key)
        advertised = parse_listeners(key, addresses, protocols) if addresses else ()
        names = {listener.name for listener in listeners}
        for listener in advertised:
            if listener.name not in names | controllers:
                raise ConfigError(key, ",".join(addresses), f"{listener.name} is not in listeners")
            if listener.host in ("", "0.0.0.0", "::"):  # noqa: S104  # refused, not bound
                raise ConfigError(key, ",".join(addresses), "clients need a host that they can connect to")
        return tuple(listener for listener in advertised if listener.name in names)


def _with_both_ids(static: dict[str, str]) -> dict[str, str]:
    """node.id and broker.id are one: setting either sets both."""
    ids = {name: static[name].strip() for name in ("node.id", "broker.id") if name in static}
    if len(set(ids.values())) > 1:
        raise ConfigError(
            "broker.id", static["broker.id"], f"it must equal node.id, which is {ids['node.id']}"
        )
    for text in ids.values():
        static |= {"node.id": text, "broker.id": text}
    return static
