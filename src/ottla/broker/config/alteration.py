"""May a config be altered while the broker runs? The broker's answer to the controller's question."""

import logging
from collections.abc import Collection, Mapping

from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.definition import ConfigError, Mode
from ottla.broker.config.definitions import BROKER, TOPIC
from ottla.broker.config.settings import suggestion, topic_suggestion
from ottla.broker.config.topic_config import check_topic_configs
from ottla.broker.config.types import ConfigType
from ottla.broker.config.without_effect import why_without_effect
from ottla.cluster.keys import Resource, ResourceType
from ottla.core.errors import ErrorCode, KafkaError

_log = logging.getLogger("ottla.config")


class AlterationRules:
    """The `ConfigRules` that the controller asks (ottla.cluster.controller.rules)."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config

    def check(self, resource: Resource, configs: Mapping[str, str], names: Collection[str]) -> None:
        """Raises KafkaError unless the resource may have these configs, of which `names` are set anew."""
        if resource[0] is ResourceType.TOPIC:
            self._check_topic(resource[1], configs, names)
        else:
            for name in sorted(names):
                _check_broker(name, configs[name])

    def default_items(self, resource: Resource, name: str) -> tuple[str, ...] | None:
        """The parts of a list config's default, to append to; None when it is no list, or unknown."""
        definition = (TOPIC if resource[0] is ResourceType.TOPIC else BROKER).get(name)
        if definition is None or definition.type is not ConfigType.LIST:
            return None
        default = definition.default
        return default if isinstance(default, tuple) else ()

    def _check_topic(self, topic: str, configs: Mapping[str, str], names: Collection[str]) -> None:
        for name in configs:
            if name not in TOPIC:
                message = f"there is no topic config {name}{topic_suggestion(name)}"
                raise KafkaError(ErrorCode.INVALID_CONFIG, message)
        try:
            check_topic_configs(self._config, configs)
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from error
        for name in sorted(names):
            definition = TOPIC[name]
            if definition.no_effect and definition.parse(configs[name]) != definition.default:
                _log.warning("topic %s: %s has no effect in Ottla: %s", topic, name, definition.no_effect)


def _check_broker(name: str, text: str) -> None:
    definition = BROKER.get(name)
    reason = definition.no_effect if definition else why_without_effect(name)
    if reason is not None:
        message = f"{name} is known to Apache Kafka, but has no effect in Ottla yet: {reason}"
        raise KafkaError(ErrorCode.INVALID_CONFIG, message)
    if definition is None:
        raise KafkaError(ErrorCode.INVALID_CONFIG, f"there is no broker config {name}{suggestion(name)}")
    if definition.mode is Mode.READ_ONLY:
        message = f"{name} cannot be altered while the broker runs: set it where the broker is started"
        raise KafkaError(ErrorCode.INVALID_REQUEST, message)
    try:
        definition.parse(text)
    except ConfigError as error:
        raise KafkaError(ErrorCode.INVALID_REQUEST, str(error)) from error
