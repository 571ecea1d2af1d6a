"""Configurations of Java's clients and of librdkafka, as people paste them."""

import logging
from typing import Any

import pytest

from ottla.client import serdes
from ottla.client.config.names import OTHER_NAMES, WITHOUT_MEANING, from_config
from ottla.client.config.options import OptionError
from ottla.client.config.settings import (
    AdminSettings,
    ClientSettings,
    ConsumerSettings,
    ProducerSettings,
    settings_from,
)

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


def options(kind: type[ClientSettings], **config: object) -> dict[str, Any]:
    return from_config(kind, {name.replace("_", "."): value for name, value in config.items()})[1]


def test_a_java_consumer() -> None:
    servers, told = from_config(
        ConsumerSettings,
        {
            "bootstrap.servers": "a:9092,b:9092",
            "group.id": "billing",
            "enable.auto.commit": "false",
            "auto.offset.reset": "earliest",
            "max.poll.records": "250",
            "isolation.level": "read_committed",
            "partition.assignment.strategy": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
            "key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer",
            "value.deserializer": "org.apache.kafka.common.serialization.ByteArrayDeserializer",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": f'{SCRAM} required username="alice" password="it\\"s";',
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": "/etc/ca.pem",
            "ssl.endpoint.identification.algorithm": "",
        },
    )
    assert servers == "a:9092,b:9092"
    assert isinstance(told.pop("key_deserializer"), serdes.StringSerde)
    assert told == {
        "group_id": "billing",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "max_poll_records": 250,
        "isolation_level": "read_committed",
        "partition_assignment_strategy": ["cooperative-sticky"],
        "value_deserializer": None,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "alice",
        "sasl_plain_password": 'it"s',
        "ssl_cafile": "/etc/ca.pem",
        "ssl_check_hostname": False,
    }
    assert settings_from(ConsumerSettings, told).group_id == "billing"


def test_a_librdkafka_producer() -> None:
    servers, told = from_config(
        ProducerSettings,
        {
            "metadata.broker.list": ["a:1", "b:2"],
            "queue.buffering.max.ms": 0.5,
            "queue.buffering.max.kbytes": 1024,
            "compression.codec": "LZ4",
            "request.required.acks": -1,
            "message.timeout.ms": "5000",
            "max.in.flight": 1,
            "enable.idempotence": "true",
            "security.protocol": "sasl_ssl",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": "u",
            "sasl.password": "p",
            "ssl.ca.location": "ca.pem",
        },
    )
    assert servers == "a:1,b:2"
    assert told == {
        "linger_ms": 0,
        "buffer_memory": 1_048_576,
        "compression_type": "lz4",
        "acks": -1,
        "delivery_timeout_ms": 5000,
        "max_in_flight_requests_per_connection": 1,
        "enable_idempotence": True,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
        "ssl_cafile": "ca.pem",
    }
    assert settings_from(ProducerSettings, told).linger_ms == 0


def test_no_config_is_localhost() -> None:
    assert from_config(AdminSettings, {}) == ("localhost:9092", {})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"bootstrap.server": "a:1"}, "there is no config bootstrap.server; did you mean bootstrap.servers"),
        ({"error_cb": print}, "there is no error_cb here: errors are raised by the call that met them"),
        ({"lingerr.ms": 1}, "did you mean linger.ms"),
        ({"linger.ms": "soon"}, "linger.ms is 'soon'; it must be a whole number"),
        ({"ssl.truststore.location": "trust.jks"}, "convert it"),
        ({"ssl.keystore.location": "key.p12", "ssl.keystore.type": "PKCS12"}, "PKCS12"),
        ({"enable.ssl.certificate.verification": False}, "always verified"),
        ({"value.serializer": "io.confluent.kafka.serializers.KafkaAvroSerializer"}, "pass a serde"),
        ({"partitioner": "consistent_random"}, "where Java's client sends them"),
        ({"sasl.jaas.config": "nonsense"}, "must look like"),
        ({"sasl.jaas.config": f'{SCRAM} required username="alice";'}, "a password"),
        ({"sasl.jaas.config": f'{SCRAM} required username="a" password="b"'}, "; missing"),
        ({"sasl.jaas.config": "com.sun.security.auth.module.Krb5LoginModule required;"}, "not supported"),
    ],
)
def test_what_is_wrong_is_named(config: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        from_config(ProducerSettings, config)


@pytest.mark.parametrize(
    ("config", "partitioner"),
    [
        ({"partitioner": "murmur2_random"}, "default"),
        ({"partitioner.class": "org.apache.kafka.clients.producer.RoundRobinPartitioner"}, "round_robin"),
        ({"partitioner.class": ""}, "default"),
        ({"partitioner": max}, max),
    ],
)
def test_partitioners_that_agree(config: dict[str, object], partitioner: object) -> None:
    assert from_config(ProducerSettings, config)[1] == {"partitioner": partitioner}


def test_what_does_nothing_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "ottla.client"):
        for _ in range(2):
            config = {"queued.min.messages": 1, "fetch.min.bytes": 1, "key.serializer": "x.StringSerializer"}
            assert from_config(AdminSettings, config)[1] == {}
    assert [record.getMessage() for record in caplog.records] == [
        "queued.min.messages does nothing in this admin",
        "fetch.min.bytes does nothing in this admin",
        "key.serializer does nothing in this admin",
    ]


def test_pem_text_instead_of_files() -> None:
    told = options(
        AdminSettings,
        ssl_keystore_type="PEM",
        ssl_keystore_key="-----BEGIN PRIVATE KEY-----",
        ssl_keystore_certificate_chain="-----BEGIN CERTIFICATE-----",
        ssl_truststore_certificates="-----BEGIN CERTIFICATE----- ca",
        ssl_key_password="p",
    )
    assert told == {
        "ssl_keyfile": "-----BEGIN PRIVATE KEY-----",
        "ssl_certfile": "-----BEGIN CERTIFICATE-----",
        "ssl_cafile": "-----BEGIN CERTIFICATE----- ca",
        "ssl_password": "p",
    }


def test_the_tables_do_not_overlap() -> None:
    dotted = {
        name.replace("_", ".")
        for kind in (ProducerSettings, ConsumerSettings)
        for name in kind.__dataclass_fields__
    }
    assert not WITHOUT_MEANING & dotted
    assert not WITHOUT_MEANING & OTHER_NAMES.keys()
    assert set(OTHER_NAMES.values()) - {"bootstrap.servers"} <= dotted
    assert not OTHER_NAMES.keys() & dotted
