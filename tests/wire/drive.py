"""Makes one real client use as many APIs as it has, to have something to capture; see golden/README.md.

    python -m tests.wire.drive kcat 127.0.0.1:19092

What a client may not do on this broker is tried all the same: a refusal is a frame too.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@contextlib.contextmanager
def tried(what: str) -> Iterator[None]:
    """Say what was refused, and go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        print(f"{what}: {error!r:.200}", file=sys.stderr)


def tool(*command: str, text: str = "", seconds: float = 30) -> None:
    with tried(" ".join(command)):
        subprocess.run(command, input=text.encode(), timeout=seconds, check=True, stdout=subprocess.DEVNULL)


def kcat(server: str) -> None:
    base = ("kcat", "-b", server)
    tool(*base, "-L")
    for codec in CODECS:
        tool(*base, "-P", "-t", "kcat", "-K:", "-z", codec, "-H", "h=1", text="k:v\nk2:v2\n")
    tool(*base, "-P", "-t", "kcat", "-X", "enable.idempotence=true", "-X", "acks=all", text="idempotent\n")
    tool(*base, "-C", "-t", "kcat", "-e", "-q")
    tool(*base, "-Q", "-t", "kcat:0:-1", "-t", "kcat:0:1700000000000")
    for extra in (["-X", "group.protocol=consumer"], ["-X", "partition.assignment.strategy=range"], []):
        tool(*base, "-G", f"kcat-group-{len(extra)}-{len(str(extra))}", *extra, "-e", "-q", "kcat")
    for version in ("0.10.0", "0.11.0", "1.0.0"):
        tool(
            *base,
            "-X",
            "api.version.request=false",
            "-X",
            f"broker.version.fallback={version}",
            "-L",
            seconds=5,
        )


def confluent(server: str) -> None:
    from confluent_kafka import Consumer, Producer

    config = {"bootstrap.servers": server, "client.id": "confluent"}
    with tried("transaction"):
        producer = Producer({**config, "transactional.id": "confluent-tx", "compression.type": "lz4"})
        producer.init_transactions()
        consumer = Consumer({**config, "group.id": "confluent-tx", "auto.offset.reset": "earliest"})
        consumer.subscribe(["kcat"])
        consumer.poll(10)
        for finish in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            producer.produce("confluent", b"value", b"key", headers={"h": b"1"})
            producer.send_offsets_to_transaction(
                consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
            )
            producer.flush()
            finish()
        consumer.close()
    for protocol in ("classic", "consumer"):
        with tried(protocol):
            consumer = Consumer(
                {
                    **config,
                    "group.id": f"confluent-{protocol}",
                    "group.protocol": protocol,
                    "auto.offset.reset": "earliest",
                }
            )
            consumer.subscribe(["kcat", "confluent"])
            for _ in range(10):
                consumer.poll(0.5)
            consumer.commit(asynchronous=False)
            consumer.committed(consumer.assignment())
            consumer.close()
    confluent_admin(config)


def confluent_admin(config: dict[str, Any]) -> None:
    from confluent_kafka import (
        ConsumerGroupTopicPartitions,
        ElectionType,
        IsolationLevel,
        TopicCollection,
        TopicPartition,
    )
    from confluent_kafka import admin as a

    client = a.AdminClient(config)

    def each(what: str, ask: Callable[[], Any]) -> None:
        with tried(what):
            answer = ask()
            for future in answer.values() if isinstance(answer, dict) else [answer]:
                future.result(10)

    topic = a.ConfigResource(a.ConfigResource.Type.TOPIC, "made")
    entry = a.ConfigEntry("retention.ms", "1000", incremental_operation=a.AlterConfigOpType.SET)
    changed = a.ConfigResource(a.ConfigResource.Type.TOPIC, "made", incremental_configs=[entry])
    acl = a.AclBinding(
        a.ResourceType.TOPIC,
        "made",
        a.ResourcePatternType.PREFIXED,
        "User:u",
        "*",
        a.AclOperation.READ,
        a.AclPermissionType.ALLOW,
    )
    every_acl = a.AclBindingFilter(
        a.ResourceType.ANY,
        None,
        a.ResourcePatternType.ANY,
        None,
        None,
        a.AclOperation.ANY,
        a.AclPermissionType.ANY,
    )
    scram = a.UserScramCredentialUpsertion(
        "u", a.ScramCredentialInfo(a.ScramMechanism.SCRAM_SHA_256, 4096), b"secret"
    )
    each(
        "create",
        lambda: client.create_topics([a.NewTopic("made", 2, 1, config={"cleanup.policy": "compact"})]),
    )
    each(
        "create by hand", lambda: client.create_topics([a.NewTopic("by-hand", replica_assignment=[[1], [1]])])
    )
    each("grow", lambda: client.create_partitions([a.NewPartitions("made", 3)]))
    each("describe configs", lambda: client.describe_configs([topic]))
    each(
        "alter configs",
        lambda: client.alter_configs(
            [a.ConfigResource(a.ConfigResource.Type.TOPIC, "made", {"segment.ms": "60000"})]
        ),
    )
    each("incremental", lambda: client.incremental_alter_configs([changed]))
    each("create acls", lambda: client.create_acls([acl]))
    each("describe acls", lambda: client.describe_acls(every_acl))
    each("delete acls", lambda: client.delete_acls([every_acl]))
    each("list groups", client.list_consumer_groups)
    each(
        "describe groups",
        lambda: client.describe_consumer_groups(["confluent-classic", "confluent-consumer", "absent"]),
    )
    each(
        "group offsets",
        lambda: client.list_consumer_group_offsets([ConsumerGroupTopicPartitions("confluent-classic")]),
    )
    altered = ConsumerGroupTopicPartitions("confluent-classic", [TopicPartition("kcat", 0, 1)])
    each("alter group offsets", lambda: client.alter_consumer_group_offsets([altered]))
    each("delete groups", lambda: client.delete_consumer_groups(["confluent-consumer", "absent"]))
    each("describe topics", lambda: client.describe_topics(TopicCollection(["made", "absent"])))
    each("describe cluster", lambda: client.describe_cluster(include_authorized_operations=True))
    for spec in (
        a.OffsetSpec.earliest(),
        a.OffsetSpec.latest(),
        a.OffsetSpec.max_timestamp(),
        a.OffsetSpec.for_timestamp(1),
    ):
        level = IsolationLevel.READ_COMMITTED
        each(
            "list offsets",
            lambda spec=spec, level=level: client.list_offsets(
                {TopicPartition("kcat", 0): spec}, isolation_level=level
            ),
        )
    each("scram", lambda: client.alter_user_scram_credentials([scram]))
    each("scram", client.describe_user_scram_credentials)
    each("elect", lambda: client.elect_leaders(ElectionType.PREFERRED, [TopicPartition("made", 0)]))
    each("delete records", lambda: client.delete_records([TopicPartition("kcat", 0, 1)]))
    each("delete", lambda: client.delete_topics(["made", "by-hand", "absent"]))


def kafka_python(server: str) -> None:
    import kafka
    from kafka import admin as a

    for codec in (None, "gzip", "zstd"):
        with tried(f"produce {codec}"):
            producer = kafka.KafkaProducer(bootstrap_servers=server, compression_type=codec, acks="all")
            producer.send("kafka-python", b"value", b"key", headers=[("h", b"1")])
            producer.close()
    with tried("transaction"):
        producer = kafka.KafkaProducer(bootstrap_servers=server, transactional_id="kafka-python")
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("kafka-python", b"value")
        offsets = {kafka.TopicPartition("kafka-python", 0): kafka.structs.OffsetAndMetadata(1, "", -1)}
        producer.send_offsets_to_transaction(offsets, "kafka-python-tx")
        producer.commit_transaction()
        producer.close()
    with tried("consume"):
        consumer = kafka.KafkaConsumer(
            "kafka-python", bootstrap_servers=server, group_id="kafka-python", auto_offset_reset="earliest"
        )
        for _ in range(8):
            consumer.poll(500)
        consumer.commit()
        consumer.beginning_offsets(consumer.assignment())
        consumer.offsets_for_times(dict.fromkeys(consumer.assignment(), 1_700_000_000_000))
        consumer.close()
    client = kafka.KafkaAdminClient(bootstrap_servers=server)
    topic = a.ConfigResource(a.ConfigResourceType.TOPIC, "kafka-python")
    acl = a.ACL(
        "User:u",
        "*",
        a.ACLOperation.READ,
        a.ACLPermissionType.ALLOW,
        a.ResourcePattern(a.ResourceType.TOPIC, "t"),
    )
    asks: list[tuple[str, Callable[[], Any]]] = [
        ("create", lambda: client.create_topics([a.NewTopic("py-made", 2, 1)])),
        ("grow", lambda: client.create_partitions({"py-made": a.NewPartitions(3)})),
        ("topics", lambda: client.describe_topics(["py-made"])),
        ("cluster", client.describe_cluster),
        ("configs", lambda: client.describe_configs([topic])),
        (
            "alter",
            lambda: client.alter_configs(
                [a.ConfigResource(a.ConfigResourceType.TOPIC, "py-made", {"segment.ms": "60000"})]
            ),
        ),
        ("acls", lambda: client.create_acls([acl])),
        ("acls", lambda: client.delete_acls([acl])),
        ("log dirs", client.describe_log_dirs),
        ("groups", client.list_groups),
        ("groups", lambda: client.describe_groups(["kafka-python"])),
        ("offsets", lambda: client.list_group_offsets(["kafka-python"])),
        ("quorum", client.describe_metadata_quorum),
        ("scram", client.describe_user_scram_credentials),
        ("features", client.describe_features),
        ("pages", lambda: client.describe_topic_partitions(["py-made"])),
        ("config resources", client.list_config_resources),
        ("elect", lambda: client.elect_leaders(0)),
        ("reassign", client.list_partition_reassignments),
        ("transactions", client.list_transactions),
        ("transactions", lambda: client.describe_transactions(["kafka-python"])),
        ("producers", lambda: client.describe_producers([kafka.TopicPartition("kafka-python", 0)])),
        ("delete groups", lambda: client.delete_groups(["kafka-python"])),
        ("delete", lambda: client.delete_topics(["py-made", "absent"])),
    ]
    for what, ask in asks:
        with tried(what):
            ask()


def aio(server: str) -> None:
    asyncio.run(aiokafka_client(server))


async def aiokafka_client(server: str) -> None:
    import aiokafka
    from aiokafka import admin as a

    for codec in (None, "gzip", "lz4", "zstd"):
        with tried(f"produce {codec}"):
            async with aiokafka.AIOKafkaProducer(
                bootstrap_servers=server, compression_type=codec
            ) as producer:
                await producer.send_and_wait("aiokafka", b"value", b"key", headers=[("h", b"1")])
    with tried("consume"):
        consumer = aiokafka.AIOKafkaConsumer(
            "aiokafka", bootstrap_servers=server, group_id="aiokafka", auto_offset_reset="earliest"
        )
        async with consumer:
            await consumer.getmany(timeout_ms=3000)
            await consumer.commit()
            await consumer.end_offsets(consumer.assignment())
            await consumer.offsets_for_times(dict.fromkeys(consumer.assignment(), 1_700_000_000_000))
    with tried("transaction"):
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=server, transactional_id="aio-tx")
        async with producer, producer.transaction():
            await producer.send("aiokafka", b"value")
            await producer.send_offsets_to_transaction({aiokafka.TopicPartition("aiokafka", 0): 1}, "aio-tx")
    client = a.AIOKafkaAdminClient(bootstrap_servers=server)
    await client.start()
    asks: list[tuple[str, Callable[[], Any]]] = [
        ("create", lambda: client.create_topics([a.NewTopic("aio-made", 2, 1)])),
        ("grow", lambda: client.create_partitions({"aio-made": a.NewPartitions(3)})),
        ("topics", lambda: client.describe_topics(["aio-made"])),
        ("cluster", client.describe_cluster),
        ("groups", client.list_consumer_groups),
        ("groups", lambda: client.describe_consumer_groups(["aiokafka"])),
        ("offsets", lambda: client.list_consumer_group_offsets("aiokafka")),
        ("delete", lambda: client.delete_topics(["aio-made"])),
    ]
    for what, ask in asks:
        with tried(what):
            await ask()
    await client.close()


def java(server: str) -> None:
    """Needs OTTLA_KAFKA_JARS, a folder with Apache Kafka's jars."""
    classpath = str(Path(os.environ["OTTLA_KAFKA_JARS"]) / "*")

    def run(name: str, *arguments: str, text: str = "", seconds: float = 30) -> None:
        tool(
            "java",
            "-Xmx256m",
            "-cp",
            classpath,
            name,
            "--bootstrap-server",
            server,
            *arguments,
            text=text,
            seconds=seconds,
        )

    tools = "org.apache.kafka.tools."
    config = "kafka.admin.ConfigCommand"
    group = tools + "consumer.group.ConsumerGroupCommand"
    run(
        tools + "TopicCommand",
        "--create",
        "--topic",
        "java",
        "--partitions",
        "2",
        "--config",
        "cleanup.policy=compact",
    )
    run(tools + "TopicCommand", "--alter", "--topic", "java", "--partitions", "3")
    run(tools + "TopicCommand", "--describe", "--topic", "java")
    run(
        tools + "ConsoleProducer",
        "--topic",
        "java",
        "--reader-property",
        "parse.key=true",
        text="k\tv\nk2\tv2\n",
    )
    run(tools + "consumer.ConsoleConsumer", "--topic", "java", "--from-beginning", "--max-messages", "2")
    run(
        tools + "consumer.ConsoleConsumer",
        "--topic",
        "java",
        "--group",
        "java-classic",
        "--from-beginning",
        "--max-messages",
        "2",
        "--isolation-level",
        "read_committed",
    )
    run(
        tools + "consumer.ConsoleConsumer",
        "--topic",
        "java",
        "--group",
        "java-consumer",
        "--from-beginning",
        "--max-messages",
        "2",
        "--command-property",
        "group.protocol=consumer",
    )
    run(group, "--list", "--state")
    run(group, "--describe", "--group", "java-classic")
    run(group, "--describe", "--group", "java-consumer", "--members", "--verbose")
    run(group, "--reset-offsets", "--group", "java-classic", "--topic", "java", "--to-earliest", "--execute")
    run(group, "--delete-offsets", "--group", "java-classic", "--topic", "java")
    run(group, "--delete", "--group", "java-consumer")
    run(config, "--describe", "--topic", "java")
    run(config, "--alter", "--topic", "java", "--add-config", "retention.ms=100000")
    run(
        config,
        "--alter",
        "--entity-type",
        "clients",
        "--entity-name",
        "c",
        "--add-config",
        "producer_byte_rate=1000000",
    )
    run(config, "--describe", "--entity-type", "clients")
    run(
        config,
        "--alter",
        "--entity-type",
        "users",
        "--entity-name",
        "u",
        "--add-config",
        "SCRAM-SHA-512=[password=secret]",
    )
    run(config, "--describe", "--entity-type", "users")
    run(
        tools + "AclCommand",
        "--add",
        "--allow-principal",
        "User:u",
        "--operation",
        "Read",
        "--topic",
        "java",
    )
    run(tools + "AclCommand", "--list")
    run(tools + "GetOffsetShell", "--topic", "java", "--time", "-1")
    run(tools + "FeatureCommand", "describe")
    run(tools + "MetadataQuorumCommand", "describe", "--status")
    run(tools + "TransactionsCommand", "list")
    run(tools + "TransactionsCommand", "describe-producers", "--topic", "java", "--partition", "0")
    run(tools + "LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")
    run(tools + "LogDirsCommand", "--describe", "--topic-list", "java")
    run(tools + "reassign.ReassignPartitionsCommand", "--list")
    run(tools + "ClientMetricsCommand", "--list")
    for topic in ("java", "java-load"):  # the first is compacted and refuses what has no key
        load = ("--topic", topic, "--num-records", "20", "--record-size", "10", "--throughput", "-1")
        run(
            tools + "ProducerPerformance",
            *load,
            "--transactional-id",
            topic,
            "--transaction-duration-ms",
            "100",
        )
    run(tools + "TransactionsCommand", "describe", "--transactional-id", "java-load")
    run(tools + "TopicCommand", "--delete", "--topic", "java")


def sasl(server: str) -> None:
    """Several clients at a broker that asks for SASL PLAIN and has delegation tokens; see golden/README.md."""
    import kafka

    properties = (
        "security.protocol=sasl_plaintext",
        "sasl.mechanisms=PLAIN",
        "sasl.username=admin",
        "sasl.password=admin",
    )
    tool("kcat", "-b", server, "-L", *(item for each in properties for item in ("-X", each)))
    for password in ("admin", "wrong"):
        with tried(password):
            kafka.KafkaAdminClient(
                bootstrap_servers=server,
                security_protocol="SASL_PLAINTEXT",
                sasl_mechanism="PLAIN",
                sasl_plain_username="admin",
                sasl_plain_password=password,
            ).close()
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    with tempfile.NamedTemporaryFile("w", suffix=".properties") as config:
        config.write("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n")
        config.write(f'sasl.jaas.config={module} username="admin" password="admin";\n')
        config.flush()
        classpath = str(Path(os.environ["OTTLA_KAFKA_JARS"]) / "*")
        command = ("java", "-Xmx256m", "-cp", classpath, "org.apache.kafka.tools.DelegationTokenCommand")
        common = ("--bootstrap-server", server, "--command-config", config.name)
        output = subprocess.run(
            [*command, *common, "--create", "--max-life-time-period", "-1"], capture_output=True, check=True
        )
        hmac = next(word for word in output.stdout.decode().split() if len(word) > 80)
        tool(*command, *common, "--describe")
        tool(*command, *common, "--renew", "--renew-time-period", "-1", "--hmac", hmac)
        tool(*command, *common, "--expire", "--expiry-time-period", "-1", "--hmac", hmac)


CLIENTS = {
    "aiokafka": aio,
    "confluent": confluent,
    "java": java,
    "kafka_python": kafka_python,
    "kcat": kcat,
    "sasl": sasl,
}

if __name__ == "__main__":
    started = time.monotonic()
    CLIENTS[sys.argv[1]](sys.argv[2])
    print(f"{sys.argv[1]}: {time.monotonic() - started:.0f} s", file=sys.stderr)
