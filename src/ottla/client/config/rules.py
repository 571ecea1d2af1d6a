"""Which values each setting may have, as tables; and which do not go together."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

from ottla.client.config.options import OptionError
from ottla.records.compression import Codec

_WORDS: dict[object, str] = {
    int: "a whole number",
    bool: "True or False",
    str: "text",
    str | None: "text, or None",
    int | None: "a whole number, or None",
}

_LEAST = {
    "acks": -1,
    "connections_max_idle_ms": -1,
    "max_in_flight_requests_per_connection": 1,
    "max_poll_interval_ms": 1,
    "max_poll_records": 1,
    "transaction_timeout_ms": 1,
}
"""The smallest number, where that is not 0."""

_MOST = {"buffer_memory": 2**63 - 1}
"""The largest, where that is not that of an int32."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "client_dns_lookup": ("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
    "group_protocol": ("classic", "consumer"),
    "isolation_level": ("read_uncommitted", "read_committed"),
    "metadata_recovery_strategy": ("rebootstrap", "none"),
    "sasl_mechanism": ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
    "security_protocol": ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
}

_SSL_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")
_RESET = re.compile(r"earliest|latest|none|by_duration:P.+")
_PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Rule(NamedTuple):
    """Something that must not be, about settings that have all of these names."""

    names: tuple[str, ...]
    is_broken: Callable[[Any], bool]
    problem: str


_RULES = (
    Rule(
        ("partitioner",),
        lambda told: told.partitioner not in ("default", "round_robin") and not callable(told.partitioner),
        "partitioner must be default, round_robin, or a function of key, all and available partitions",
    ),
    Rule(
        ("telemetry",),
        lambda told: (
            told.telemetry not in (None, "opentelemetry") and not hasattr(told.telemetry, "start_span")
        ),
        "telemetry must be 'opentelemetry', or a Tracer of it",
    ),
    Rule(("acks",), lambda told: told.acks not in (-1, 0, 1), "acks must be 'all' (or -1), 0 or 1"),
    Rule(
        ("compression_type",),
        lambda told: not isinstance(told.compression_type, Codec),
        f"compression_type must be one of {', '.join(codec.name.lower() for codec in Codec)}",
    ),
    Rule(
        ("auto_offset_reset",),
        lambda told: not _RESET.fullmatch(str(told.auto_offset_reset)),
        "auto_offset_reset must be earliest, latest, none or by_duration:P… (such as by_duration:PT1H)",
    ),
    Rule(
        ("enable_auto_commit",),
        lambda told: told.enable_auto_commit not in (True, False, "after"),
        "enable_auto_commit must be True, False or 'after'",
    ),
    Rule(
        ("heartbeat_interval_ms", "session_timeout_ms"),
        lambda told: told.heartbeat_interval_ms >= told.session_timeout_ms,
        "heartbeat_interval_ms must be below session_timeout_ms, at best a third of it",
    ),
    Rule(
        ("group_id", "group_instance_id"),
        lambda told: told.group_instance_id is not None and told.group_id is None,
        "group_instance_id means nothing without group_id; give both",
    ),
    Rule(
        ("sasl_mechanism", "security_protocol"),
        lambda told: told.security_protocol.startswith("SASL_") and told.sasl_mechanism is None,
        f"sasl_mechanism must say which: {', '.join(_CHOICES['sasl_mechanism'])}",
    ),
    Rule(
        ("sasl_mechanism", "security_protocol"),
        lambda told: told.sasl_mechanism is not None and not told.security_protocol.startswith("SASL_"),
        "sasl_mechanism has no effect with this security_protocol; make that SASL_SSL (or SASL_PLAINTEXT)",
    ),
    Rule(
        ("sasl_mechanism",),
        lambda told: (
            told.sasl_mechanism in _PASSWORD_MECHANISMS
            and None in (told.sasl_plain_username, told.sasl_plain_password)
        ),
        "this sasl_mechanism needs sasl_plain_username and sasl_plain_password",
    ),
    Rule(
        ("sasl_mechanism",),
        lambda told: told.sasl_mechanism == "OAUTHBEARER" and told.sasl_oauth_token_provider is None,
        "OAUTHBEARER needs sasl_oauth_token_provider, something with an `async def token(self) -> str`",
    ),
    Rule(
        ("security_protocol",),
        lambda told: (
            not told.security_protocol.endswith("SSL")
            and any(getattr(told, name) is not None for name in ("ssl_context", *_SSL_FILES))
        ),
        "the ssl_ options have no effect with this security_protocol; make that SSL (or SASL_SSL)",
    ),
    Rule(
        ("ssl_context",),
        lambda told: (
            told.ssl_context is not None and any(getattr(told, name) is not None for name in _SSL_FILES)
        ),
        "ssl_context takes the place of ssl_cafile, ssl_certfile and ssl_keyfile; give it alone",
    ),
    Rule(
        ("ssl_keyfile",),
        lambda told: told.ssl_keyfile is not None and told.ssl_certfile is None,
        "ssl_keyfile needs the certificate that belongs to the key, ssl_certfile",
    ),
)


def check(settings: Any) -> None:  # noqa: ANN401 - any of the settings; they import this
    """Raises OptionError for the first value that cannot be."""
    names = {field.name: field.type for field in fields(settings)}
    for name, kind in names.items():
        value = getattr(settings, name)
        _check_kind(name, value, kind)
        _check_choice(name, value)
        _check_range(name, value)
    for rule in _RULES:
        if names.keys() >= set(rule.names) and rule.is_broken(settings):
            told = ", ".join(f"{name}={getattr(settings, name)!r}" for name in rule.names)
            raise OptionError(f"{rule.problem} ({told})")


def _check_kind(name: str, value: object, kind: object) -> None:
    if kind not in _WORDS:
        return
    mistaken = isinstance(value, bool) and kind is not bool  # for a bool is an int
    if mistaken or not isinstance(value, kind):  # type: ignore[arg-type]  # one of the keys above
        raise OptionError(f"{name} is {value!r}; it must be {_WORDS[kind]}")


def _check_choice(name: str, value: object) -> None:
    if name in _CHOICES and value is not None and value not in _CHOICES[name]:
        raise OptionError(f"{name} is {value!r}; it must be one of {', '.join(_CHOICES[name])}")


def _check_range(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool | Codec) or name == "compression_level":
        return
    least, most = _LEAST.get(name, 0), _MOST.get(name, 2**31 - 1)
    if not least <= value <= most:
        raise OptionError(f"{name} is {value}; it must be from {least} to {most}")
