"""How the values of a dotted config are written, and what they become."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from ottla.client.config.jaas import credentials
from ottla.client.config.options import OptionError

_AUTO_OFFSET_RESETS = {
    "beginning": "earliest",
    "smallest": "earliest",
    "end": "latest",
    "largest": "latest",
    "error": "none",
}
_WORDS_FOR_BOOL = {"true": True, "1": True, "false": False, "0": False}
_ASSIGNORS = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "StickyAssignor": "sticky",
    "CooperativeStickyAssignor": "cooperative-sticky",
}

_WHOLE = (int, int | None)


def value_of(name: str, option: str, kind: object, value: object) -> object:
    """Text becomes what the option wants, by the option's type."""
    if option in _BY_NAME:
        return _BY_NAME[option](value)
    if isinstance(value, str) and kind is not str:
        return _parsed(name, kind, value.strip())
    if isinstance(value, float) and kind in _WHOLE:
        return round(value)  # librdkafka takes linger.ms of 0.5
    return value


def _parsed(name: str, kind: object, text: str) -> object:
    if kind is bool and text.lower() in _WORDS_FOR_BOOL:
        return _WORDS_FOR_BOOL[text.lower()]
    if kind in _WHOLE:
        try:
            return round(float(text)) if "." in text else int(text)
        except ValueError:
            raise OptionError(f"{name} is {text!r}; it must be a whole number") from None
    return text


def joined(value: object) -> str:
    """One text with commas, whether it came so or as a list."""
    return value if isinstance(value, str) else ",".join(map(str, cast("Iterable[object]", value)))


def _acks(value: object) -> object:
    text = str(value).lower()
    return -1 if text in ("all", "-1") else int(text) if text.isdecimal() else value


def _auto_commit(value: object) -> object:
    return _WORDS_FOR_BOOL.get(str(value).lower(), value)


def _strategies(value: object) -> object:
    names = [name.strip() for name in joined(value).split(",")]
    return [_ASSIGNORS.get(name.rpartition(".")[2], name) for name in names]


_BY_NAME: dict[str, Callable[[object], object]] = {
    "acks": _acks,
    "auto_offset_reset": lambda value: _AUTO_OFFSET_RESETS.get(str(value).lower(), str(value)),
    "compression_type": lambda value: value.lower() if isinstance(value, str) else value,
    "enable_auto_commit": _auto_commit,
    "group_protocol": lambda value: str(value).lower(),
    "isolation_level": lambda value: str(value).lower(),
    "partition_assignment_strategy": _strategies,
    "sasl_mechanism": lambda value: str(value).upper(),
    "security_protocol": lambda value: str(value).upper(),
}
"""Options whose values are written in more ways than one."""


def _queue_kbytes(value: object) -> dict[str, Any]:
    return {"buffer_memory": int(str(value)) * 1024}


def _endpoint_identification(value: object) -> dict[str, Any]:
    return {"ssl_check_hostname": str(value or "none").lower() not in ("none", "")}


def _certificate_verification(value: object) -> dict[str, Any]:
    if str(value).lower() in ("false", "0"):
        fix = "name the brokers' authority with ssl.ca.location, or pass an ssl_context of your own"
        raise OptionError(f"enable.ssl.certificate.verification: brokers are always verified; {fix}")
    return {}


def _serde(field: str) -> Callable[[object], dict[str, Any]]:
    def option(value: object) -> dict[str, Any]:
        if not isinstance(value, str):
            return {field: value}
        name = value.rpartition(".")[2].removesuffix("Serializer").removesuffix("Deserializer")
        from ottla.client import serdes

        if name == "ByteArray":
            return {field: None}  # bytes as they are
        found = getattr(serdes, f"{name}Serde", None)
        if found is None:
            raise OptionError(f"{field}: {value} is not known here; pass a serde or a function instead")
        return {field: found()}

    return option


_PARTITIONERS = {
    "murmur2": "default",
    "murmur2_random": "default",
    "DefaultPartitioner": "default",
    "UniformStickyPartitioner": "default",
    "RoundRobinPartitioner": "round_robin",
}
"""Of librdkafka's, those that agree with Java's; its own default, consistent_random, does not."""


def _partitioner(value: object) -> dict[str, Any]:
    if not isinstance(value, str):
        return {"partitioner": value}
    name = value.rpartition(".")[2]
    if name not in ("", "default", "round_robin", *_PARTITIONERS):
        problem = (
            f"partitioner {value} is not known here; keys go where Java's client sends them (murmur2_random)"
        )
        raise OptionError(f"{problem}, or where a function of yours says")
    return {"partitioner": _PARTITIONERS.get(name, name or "default")}


SPECIAL: dict[str, Callable[[object], dict[str, Any]]] = {
    "enable.ssl.certificate.verification": _certificate_verification,
    "key.deserializer": _serde("key_deserializer"),
    "key.serializer": _serde("key_serializer"),
    "partitioner": _partitioner,
    "partitioner.class": _partitioner,
    "queue.buffering.max.kbytes": _queue_kbytes,
    "sasl.jaas.config": lambda value: credentials(str(value)),
    "ssl.endpoint.identification.algorithm": _endpoint_identification,
    "value.deserializer": _serde("value_deserializer"),
    "value.serializer": _serde("value_serializer"),
}
"""Names that are more than another word for an option."""
