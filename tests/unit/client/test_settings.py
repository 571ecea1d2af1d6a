"""Options become settings; what is wrong with one is said with its name and the fix."""

import ssl
from dataclasses import fields
from typing import Any

import pytest

from ottla.client.config.options import AdminOptions, ConsumerOptions, OptionError, ProducerOptions
from ottla.client.config.settings import (
    AdminSettings,
    ClientSettings,
    ConsumerSettings,
    ProducerSettings,
    settings_from,
)
from ottla.records.compression import Codec

PASSWORD = {"sasl_plain_username": "u", "sasl_plain_password": "p"}


@pytest.mark.parametrize(
    ("options", "settings"),
    [(AdminOptions, AdminSettings), (ProducerOptions, ProducerSettings), (ConsumerOptions, ConsumerSettings)],
)
def test_every_option_is_a_setting(options: type, settings: type[ClientSettings]) -> None:
    beyond_kafka = {"unknown_topic_timeout_ms"}
    assert set(options.__annotations__) == {field.name for field in fields(settings)} - beyond_kafka


@pytest.mark.parametrize("kind", [AdminSettings, ProducerSettings, ConsumerSettings])
def test_the_defaults_are_sound(kind: type[ClientSettings]) -> None:
    assert settings_from(kind, {}) == kind()


def test_the_java_clients_defaults() -> None:
    producer, consumer = settings_from(ProducerSettings, {}), settings_from(ConsumerSettings, {})
    assert (producer.acks, producer.enable_idempotence, producer.linger_ms) == (-1, True, None)
    assert (consumer.auto_offset_reset, consumer.enable_auto_commit) == ("latest", True)


def test_several_ways_to_say_the_same() -> None:
    said = settings_from(ProducerSettings, {"acks": "all", "compression_type": "zstd"})
    assert (said.acks, said.compression_type) == (-1, Codec.ZSTD)
    assert settings_from(ProducerSettings, {"compression_type": Codec.LZ4}).compression_type is Codec.LZ4
    consumer = settings_from(ConsumerSettings, {"partition_assignment_strategy": ["range"]})
    assert consumer.partition_assignment_strategy == ("range",)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (ProducerSettings, {"linger": 5}, "there is no option linger; did you mean linger_ms"),
        (ProducerSettings, {"group_id": "g"}, "there is no option group_id"),
        (ProducerSettings, {"linger_ms": "5"}, "linger_ms is '5'; it must be a whole number"),
        (ProducerSettings, {"linger_ms": True}, "linger_ms is True; it must be a whole number"),
        (ProducerSettings, {"linger_ms": -1}, "linger_ms is -1; it must be from 0 to 2147483647"),
        (ProducerSettings, {"acks": 2}, "acks"),
        (ProducerSettings, {"acks": "most"}, r"acks must be 'all' \(or -1\), 0 or 1"),
        (ProducerSettings, {"telemetry": "otel"}, "telemetry must be 'opentelemetry', or a Tracer"),
        (ConsumerSettings, {"telemetry": True}, "telemetry must be 'opentelemetry', or a Tracer"),
        (ProducerSettings, {"compression_type": "brotli"}, "none, gzip, snappy, lz4, zstd"),
        (ProducerSettings, {"acks": 1, "enable_idempotence": True}, "idempotence.* needs acks='all'"),
        (ProducerSettings, {"acks": 1, "transactional_id": "t"}, "transactional_id, needs acks='all'"),
        (ProducerSettings, {"transactional_id": "t", "enable_idempotence": False}, "enable_idempotence=True"),
        (ConsumerSettings, {"auto_offset_reset": "begin"}, "earliest, latest, none or by_duration:P"),
        (ConsumerSettings, {"enable_auto_commit": "before"}, "True, False or 'after'"),
        (ConsumerSettings, {"isolation_level": "none"}, "read_uncommitted, read_committed"),
        (ConsumerSettings, {"heartbeat_interval_ms": 45_000}, "below session_timeout_ms"),
        (ConsumerSettings, {"group_instance_id": "i"}, "group_id"),
        (ConsumerSettings, {"check_crcs": 1}, "True or False"),
        (ClientSettings, {"client_id": None}, "it must be text"),
        (ClientSettings, {"security_protocol": "TLS"}, "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        (ClientSettings, {"security_protocol": "SASL_SSL"}, "sasl_mechanism must say which"),
        (ClientSettings, {"sasl_mechanism": "PLAIN", **PASSWORD}, "make that SASL_SSL"),
        (
            ClientSettings,
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"},
            "sasl_plain_password",
        ),
        (
            ClientSettings,
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
            "token_provider",
        ),
        (ClientSettings, {"ssl_cafile": "ca.pem"}, "make that SSL"),
        (ClientSettings, {"security_protocol": "SSL", "ssl_keyfile": "key.pem"}, "ssl_certfile"),
        (
            ClientSettings,
            {
                "security_protocol": "SSL",
                "ssl_cafile": "ca.pem",
                "ssl_context": ssl.create_default_context(),
            },
            "give it alone",
        ),
    ],
)
def test_what_is_wrong_is_named(kind: type[ClientSettings], options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        settings_from(kind, options)


@pytest.mark.parametrize("options", [{"acks": 1}, {"acks": 0}, {"max_in_flight_requests_per_connection": 6}])
def test_idempotence_gives_way_to_what_was_asked_for(options: dict[str, Any]) -> None:
    assert not settings_from(ProducerSettings, options).enable_idempotence


def test_a_password_is_not_told_by_an_error() -> None:
    with pytest.raises(OptionError) as caught:
        settings_from(ClientSettings, {"sasl_mechanism": "PLAIN", **PASSWORD, "sasl_plain_password": "hush"})
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(
        settings_from(
            ClientSettings, {"sasl_plain_password": "hush", "ssl_password": "hush", "ssl_keyfile": None}
        )
    )
