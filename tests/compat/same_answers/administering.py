"""What asks about the cluster or changes it. tests/unit/broker/admin has more, case by case; here is every version.

Left out as deviations that the handlers list: unknown config operations, broker configs that nobody knows.
"""

import time

from tests.compat.same_answers.asker import UNKNOWN_ID, Asker
from tests.compat.same_answers.questions import at, batch, fetch, offsets, produce, put
from tests.compat.same_answers.stories import story

from ottla.core.zero_uuid import ZERO_UUID
from ottla.wire.messages import alter_configs, incremental_alter_configs
from ottla.wire.messages.api_versions import ApiVersionsRequest
from ottla.wire.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from ottla.wire.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from ottla.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from ottla.wire.messages.describe_cluster import DescribeClusterRequest
from ottla.wire.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from ottla.wire.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from ottla.wire.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    TopicRequest,
)
from ottla.wire.messages.list_config_resources import ListConfigResourcesRequest
from ottla.wire.messages.metadata import MetadataRequest, MetadataRequestTopic

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


def metadata(*names: str | None, ids: tuple[bytes, ...] = (), create: bool = True) -> MetadataRequest:
    rows = [MetadataRequestTopic(name=name) for name in names]
    rows += [MetadataRequestTopic(name=None, topic_id=topic_id) for topic_id in ids]
    return MetadataRequest(topics=rows, allow_auto_topic_creation=create)


@story
def metadata_in_every_version(asker: Asker) -> None:
    asker.create("known", partitions=2)
    known = asker.id_of("known")
    quiet = range(4, 14)
    asker.ask_in_versions("one topic", "Metadata", lambda _: metadata("known"))
    asker.ask_in_versions("no topics", "Metadata", lambda _: metadata(), range(1, 14))
    asker.ask_in_versions("unknown", "Metadata", lambda _: metadata("nowhere", create=False), quiet)
    asker.ask_in_versions(
        "bad ones between good ones",
        "Metadata",
        lambda _: metadata("bad name", "known", "nowhere", "known", "", create=False),
        quiet,
    )
    asker.ask_in_versions("by id", "Metadata", lambda _: metadata(ids=(known, UNKNOWN_ID)), range(10, 14))
    asker.ask_in_versions("null name, no id", "Metadata", lambda _: metadata(None), (10, 11))
    both = MetadataRequest(topics=[MetadataRequestTopic(name="known", topic_id=known)])
    asker.ask_in_versions("name and id", "Metadata", lambda _: both, range(10, 14))
    for topics in (False, True):
        request = metadata("known")
        request.include_topic_authorized_operations = topics
        asker.ask_in_versions(f"operations {topics}", "Metadata", lambda _, r=request: r, range(8, 14))  # type: ignore[misc]
    request = metadata("known")
    request.include_cluster_authorized_operations = True
    asker.ask_in_versions("the cluster's operations", "Metadata", lambda _: request, (8, 9, 10))


def creatable(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    assigned: tuple[tuple[int, tuple[int, ...]], ...] = (),
    **configs: str | None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(ids)) for index, ids in assigned
        ],
        configs=[
            CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()
        ],
    )


CANNOT_BE_CREATED = {
    "no partitions": creatable("x", 0),
    "-2 partitions": creatable("x", -2),
    "no replicas": creatable("x", 1, 0),
    "-2 replicas": creatable("x", 1, -2),
    "two replicas": creatable("x", 1, 2),
    "no name": creatable(""),
    "a bad name": creatable("bad name"),
    "a dot": creatable("."),
    "too long a name": creatable("x" * 250),
    "the metadata topic": creatable("__cluster_metadata"),
    "assigned and counted": creatable("x", 1, -1, ((0, (1,)),)),
    "assigned and replicated": creatable("x", -1, 1, ((0, (1,)),)),
    "assigned a gap": creatable("x", -1, -1, ((0, (1,)), (2, (1,)))),
    "assigned twice": creatable("x", -1, -1, ((0, (1,)), (0, (1,)))),
    "assigned from 1": creatable("x", -1, -1, ((1, (1,)),)),
    "assigned to nobody": creatable("x", -1, -1, ((0, ()),)),
    "assigned to a stranger": creatable("x", -1, -1, ((0, (9,)),)),
    "assigned to one twice": creatable("x", -1, -1, ((0, (1, 1)),)),
    "assigned unevenly": creatable("x", -1, -1, ((0, (1,)), (1, (1, 9)))),
    "unknown config": creatable("x", no_such_config="1"),
    "null config": creatable("x", retention_ms=None),
    "bad number": creatable("x", retention_ms="soon"),
    "number too small": creatable("x", segment_bytes="10"),
    "bad list": creatable("x", cleanup_policy="burn"),
    "bad choice": creatable("x", compression_type="rar"),
    "bad truth": creatable("x", preallocate="perhaps"),
    "ratio too large": creatable("x", min_cleanable_dirty_ratio="1.5"),
}


@story
def create_topics(asker: Asker) -> None:
    for validate in (True, False):
        asker.ask_in_versions(
            f"one, validated only: {validate}",
            "CreateTopics",
            lambda v, only=validate: CreateTopicsRequest(  # type: ignore[misc]
                topics=[creatable(f"created-v{v}", 2)], validate_only=only, timeout_ms=9000
            ),
        )
        asker.settle()
    asker.ask_in_versions(
        "again", "CreateTopics", lambda v: CreateTopicsRequest(topics=[creatable(f"created-v{v}")])
    )
    asker.ask_in_versions(
        "defaults",
        "CreateTopics",
        lambda v: CreateTopicsRequest(topics=[creatable(f"defaults-v{v}", -1, -1)]),
        range(4, 8),
    )
    for what, topic in CANNOT_BE_CREATED.items():
        asker.ask_in_versions(
            what,
            "CreateTopics",
            lambda _, t=topic: CreateTopicsRequest(topics=[t, creatable("y")], validate_only=True),  # type: ignore[misc]
            (2, 4, 7),
        )
    names = [creatable(name) for name in ("dup", "fine", "dup")]
    asker.ask("a name twice", "CreateTopics", CreateTopicsRequest(topics=names, validate_only=True))
    asker.ask("nothing", "CreateTopics", CreateTopicsRequest())
    for timeout in (0, -1):
        asker.ask(
            f"timeout {timeout}", "CreateTopics", CreateTopicsRequest(topics=names[1:2], timeout_ms=timeout)
        )
    asker.create("collide.me")
    asker.ask("collides", "CreateTopics", CreateTopicsRequest(topics=[creatable("collide_me")]))
    asker.ask(
        "version 2 knows no defaults", "CreateTopics", CreateTopicsRequest(topics=[creatable("d", -1)]), 2
    )


@story
def delete_topics(asker: Asker) -> None:
    asker.create(*(f"doomed-v{version}" for version in range(1, 7)), "by-id", "by-both", "by-name")
    asker.ask_in_versions(
        "one",
        "DeleteTopics",
        lambda v: DeleteTopicsRequest(topic_names=[f"doomed-v{v}", "nowhere"], timeout_ms=9000),
        range(1, 6),
    )

    def delete(what: str, *topics: DeleteTopicState, timeout_ms: int = 9000) -> None:
        request = DeleteTopicsRequest(topics=list(topics), timeout_ms=timeout_ms)
        asker.ask(what, "DeleteTopics", request, 6)

    def by_id(name: str) -> DeleteTopicState:
        return DeleteTopicState(name=None, topic_id=asker.id_of(name))

    delete("without time", DeleteTopicState(name="by-name"), timeout_ms=0)
    delete("name and id in one", DeleteTopicState(name="by-both", topic_id=asker.id_of("by-both")))
    delete("by name and by id", DeleteTopicState(name="by-both"), by_id("by-both"), by_id("by-id"))
    delete("twice", DeleteTopicState(name="by-name"), DeleteTopicState(name="by-name"))
    delete("an unknown id", by_id("nowhere"), DeleteTopicState(name="by-name"))
    delete("no name and no id", DeleteTopicState(name=None, topic_id=ZERO_UUID))
    delete("an empty name", DeleteTopicState(name=""))
    delete("nothing")
    asker.settle()
    asker.ask("gone", "Metadata", metadata("by-id", "by-name", "by-both", create=False))
    asker.ask("gone", "ListOffsets", offsets(("by-id", 0, -1), ("by-both", 0, -1)))


@story
def create_partitions(asker: Asker) -> None:
    asker.create(*(f"grows-v{version}" for version in range(4)), "grows", partitions=2)

    def growth(
        name: str, count: int, *assigned: tuple[int, ...], only: bool = False, timeout: int = 9000
    ) -> CreatePartitionsRequest:
        rows = [CreatePartitionsAssignment(broker_ids=list(ids)) for ids in assigned] or None
        topic = CreatePartitionsTopic(name=name, count=count, assignments=rows)
        return CreatePartitionsRequest(topics=[topic], timeout_ms=timeout, validate_only=only)

    asker.ask_in_versions("validated only", "CreatePartitions", lambda v: growth(f"grows-v{v}", 3, only=True))
    asker.ask_in_versions("to three", "CreatePartitions", lambda v: growth(f"grows-v{v}", 3))
    for what, request in {
        "the same": growth("grows", 2),
        "fewer": growth("grows", 1),
        "none": growth("grows", 0),
        "negative": growth("grows", -1),
        "an unknown topic": growth("nowhere", 3),
        "no name": growth("", 3),
        "assigned to a stranger": growth("grows", 3, (9,)),
        "assigned to two": growth("grows", 3, (1, 1)),
        "assigned to nobody": growth("grows", 3, ()),
        "assigned too few": growth("grows", 4, (1,)),
        "assigned too many": growth("grows", 3, (1,), (1,)),
        "assigned": growth("grows", 3, (1,)),
        "without time": growth("grows", 9, timeout=0),
        "nothing": CreatePartitionsRequest(timeout_ms=9000),
        "a topic twice": CreatePartitionsRequest(
            topics=[CreatePartitionsTopic(name="grows", count=count, assignments=None) for count in (5, 6)],
            timeout_ms=9000,
        ),
    }.items():
        asker.ask_in_versions(what, "CreatePartitions", lambda _, r=request: r, (0, 2, 3))  # type: ignore[misc]
    asker.settle()
    asker.ask("grown", "Metadata", metadata("grows", "grows-v3"))


def describe(
    *resources: tuple[int, str], keys: tuple[str, ...], synonyms: bool = True
) -> DescribeConfigsRequest:
    rows = [
        DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=list(keys))
        for kind, name in resources
    ]
    return DescribeConfigsRequest(resources=rows, include_synonyms=synonyms)


@story
def configs_in_every_version(asker: Asker) -> None:
    asker.create("tuned", max_message_bytes="4000", cleanup_policy="compact")
    keys = (
        "max.message.bytes",
        "cleanup.policy",
        "segment.ms",
        "retention.ms",
        "no.such.config",
        "segment.ms",
    )
    for synonyms in (False, True):
        request = describe((TOPIC, "tuned"), keys=keys, synonyms=synonyms)
        asker.ask_in_versions(f"of a topic, synonyms {synonyms}", "DescribeConfigs", lambda _, r=request: r)  # type: ignore[misc]
    request = describe((TOPIC, "tuned"), keys=keys[:2])
    request.include_documentation = True
    asker.ask_in_versions("with words", "DescribeConfigs", lambda _: request, (3, 4))
    asker.ask("no keys", "DescribeConfigs", describe((TOPIC, "tuned"), keys=()))
    for kind, name in (
        (TOPIC, "nowhere"), (TOPIC, "bad name"), (TOPIC, ""), (BROKER, "9"), (BROKER, "x"), (0, "x"), (3, "x"),
        (99, "x"), (-1, "x"), (GROUP, ""), (CLIENT_METRICS, ""),
    ):  # fmt: skip
        asker.ask(
            f"of {kind} {name!r}", "DescribeConfigs", describe((kind, name), keys=("message.max.bytes",))
        )
    asker.ask("nothing", "DescribeConfigs", describe(keys=()))
    both = describe((TOPIC, "nowhere"), (TOPIC, "tuned"), (TOPIC, "tuned"), keys=("retention.ms",))
    asker.ask("a bad one and one twice", "DescribeConfigs", both)


def incremental(
    kind: int, name: str, *changes: tuple[str, int, str | None], only: bool = False
) -> incremental_alter_configs.IncrementalAlterConfigsRequest:
    rows = [
        incremental_alter_configs.AlterableConfig(name=key, config_operation=operation, value=value)
        for key, operation, value in changes
    ]
    resource = incremental_alter_configs.AlterConfigsResource(
        resource_type=kind, resource_name=name, configs=rows
    )
    return incremental_alter_configs.IncrementalAlterConfigsRequest(resources=[resource], validate_only=only)


@story
def alter_configs_step_by_step(asker: Asker) -> None:
    asker.create("altered")
    for what, change in {
        "set": ("max.message.bytes", SET, "5000"),
        "set to what it is": ("max.message.bytes", SET, "5000"),
        "set with spaces": ("max.message.bytes", SET, " 6000 "),
        "set nothing": ("max.message.bytes", SET, None),
        "set empty": ("max.message.bytes", SET, ""),
        "set bad": ("max.message.bytes", SET, "many"),
        "set negative": ("max.message.bytes", SET, "-1"),
        "delete": ("max.message.bytes", DELETE, None),
        "delete with a value": ("max.message.bytes", DELETE, "7"),
        "delete what is not set": ("segment.ms", DELETE, None),
        "delete unknown": ("no.such.config", DELETE, None),
        "set unknown": ("no.such.config", SET, "1"),
        "set no name": ("", SET, "1"),
        "append to a number": ("segment.ms", APPEND, "1"),
        "append": ("cleanup.policy", APPEND, "compact"),
        "append again": ("cleanup.policy", APPEND, "compact"),
        "append bad": ("cleanup.policy", APPEND, "burn"),
        "append nothing": ("cleanup.policy", APPEND, None),
        "append empty": ("cleanup.policy", APPEND, ""),
        "subtract": ("cleanup.policy", SUBTRACT, "delete"),
        "subtract what is not there": ("cleanup.policy", SUBTRACT, "delete"),
        "subtract the last": ("cleanup.policy", SUBTRACT, "compact"),
        "subtract from a number": ("segment.ms", SUBTRACT, "1"),
    }.items():
        for only in (True, False):
            request = incremental(TOPIC, "altered", change, only=only)
            asker.ask_in_versions(what, "IncrementalAlterConfigs", lambda _, r=request: r)  # type: ignore[misc]
        asker.settle()
        shown = describe((TOPIC, "altered"), keys=("max.message.bytes", "cleanup.policy"), synonyms=False)
        asker.ask(f"after {what}", "DescribeConfigs", shown)
    twice = incremental(TOPIC, "altered", ("segment.ms", SET, "1000000"), ("segment.ms", SET, "2000000"))
    asker.ask("one config twice", "IncrementalAlterConfigs", twice)
    mixed = incremental(TOPIC, "altered", ("segment.ms", SET, "1000000"), ("retention.ms", SET, "bad"))
    asker.ask("a good and a bad one", "IncrementalAlterConfigs", mixed)
    for kind, name in (
        (TOPIC, "nowhere"),
        (TOPIC, "bad name"),
        (TOPIC, ""),
        (BROKER, "9"),
        (BROKER, "x"),
        (0, "x"),
        (99, "x"),
    ):
        asker.ask(
            f"of {kind} {name!r}",
            "IncrementalAlterConfigs",
            incremental(kind, name, ("segment.ms", SET, "9")),
        )


@story
def alter_configs_as_a_whole(asker: Asker) -> None:
    asker.create("replaced", segment_ms="700000")

    def replace(kind: int, name: str, *pairs: tuple[str, str | None]) -> alter_configs.AlterConfigsRequest:
        rows = [alter_configs.AlterableConfig(name=key, value=value) for key, value in pairs]
        resource = alter_configs.AlterConfigsResource(resource_type=kind, resource_name=name, configs=rows)
        return alter_configs.AlterConfigsRequest(resources=[resource])

    for what, request in {
        "one": replace(TOPIC, "replaced", ("max.message.bytes", "5000")),
        "another": replace(TOPIC, "replaced", ("retention.ms", "9000000")),
        "bad": replace(TOPIC, "replaced", ("retention.ms", "bad")),
        "null": replace(TOPIC, "replaced", ("retention.ms", None)),
        "unknown": replace(TOPIC, "replaced", ("no.such.config", "1")),
        "one twice": replace(TOPIC, "replaced", ("segment.ms", "1000000"), ("segment.ms", "2000000")),
        "none": replace(TOPIC, "replaced"),
        "nowhere": replace(TOPIC, "nowhere", ("retention.ms", "1")),
    }.items():
        asker.ask_in_versions(what, "AlterConfigs", lambda _, r=request: r)  # type: ignore[misc]
        asker.settle()
        keys = ("max.message.bytes", "segment.ms", "retention.ms")
        asker.ask(
            f"after {what}", "DescribeConfigs", describe((TOPIC, "replaced"), keys=keys, synonyms=False)
        )


@story
def broker_configs_while_running(asker: Asker) -> None:
    keys = ("log.retention.ms", "num.io.threads", "log.dirs", "message.max.bytes")
    for name in ("1", ""):
        for change in (
            ("log.retention.ms", SET, "864000000"), ("log.dirs", SET, "/elsewhere"), ("message.max.bytes", SET, "x"),
            ("log.retention.ms", DELETE, None), ("log.cleanup.policy", APPEND, "compact"),
            ("log.cleanup.policy", SUBTRACT, "compact"),
        ):  # fmt: skip
            asker.ask(f"{name!r}: {change}", "IncrementalAlterConfigs", incremental(BROKER, name, change))
            asker.settle()
            asker.ask(f"{name!r} after {change}", "DescribeConfigs", describe((BROKER, name), keys=keys[:1]))
    undo = [("log.cleanup.policy", DELETE, None), ("log.retention.ms", DELETE, None)]
    for name in ("1", ""):
        asker.quietly("IncrementalAlterConfigs", incremental(BROKER, name, *undo))


@story
def cluster_facts(asker: Asker) -> None:
    asker.ask_in_versions("the cluster", "DescribeCluster", lambda _: DescribeClusterRequest())
    request = DescribeClusterRequest(include_cluster_authorized_operations=True)
    asker.ask_in_versions("its operations", "DescribeCluster", lambda _: request)
    for kind in (0, 1, 2, 3, -1):
        typed = DescribeClusterRequest(endpoint_type=kind)
        asker.ask_in_versions(f"endpoints {kind}", "DescribeCluster", lambda _, r=typed: r, (1, 2))  # type: ignore[misc]
    fenced = DescribeClusterRequest(include_fenced_brokers=True)
    asker.ask("fenced ones too", "DescribeCluster", fenced)
    asker.ask("client metrics", "ListConfigResources", ListConfigResourcesRequest(), 0)
    for kinds in ([BROKER], [CLIENT_METRICS], [GROUP], [99], [0], [-1], [BROKER, 99]):
        asker.ask(
            f"resources {kinds}", "ListConfigResources", ListConfigResourcesRequest(resource_types=kinds)
        )


@story
def api_versions(asker: Asker) -> None:
    def ask(name: str, version: str) -> None:
        request = ApiVersionsRequest(client_software_name=name, client_software_version=version)
        asker.ask_in_versions(f"{name!r} {version!r}", "ApiVersions", lambda _: request, (3, 4))

    asker.ask_in_versions("plain", "ApiVersions", lambda _: ApiVersionsRequest(), (0, 1, 2))
    ask("same-answers", "1.0")
    for name, version in (
        ("", "1"),
        ("x", ""),
        ("-x", "1"),
        ("x-", "1"),
        ("a b", "1"),
        ("ü", "1"),
        ("x", "1_0"),
    ):
        ask(name, version)


@story
def topic_pages(asker: Asker) -> None:
    asker.create("page-a", "page-b", "page-c", partitions=3)

    def ask(what: str, *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None) -> None:
        request = DescribeTopicPartitionsRequest(
            topics=[TopicRequest(name=name) for name in names],
            response_partition_limit=limit,
            cursor=Cursor(topic_name=cursor[0], partition_index=cursor[1]) if cursor else None,
        )
        asker.ask(what, "DescribeTopicPartitions", request)

    ask("two", "page-b", "page-a")
    ask("one twice", "page-b", "page-b")
    for limit in (-1, 0, 1, 3, 4, 6):
        ask(f"at most {limit}", "page-a", "page-b", limit=limit)
    for cursor in (
        ("page-a", 2),
        ("page-b", 0),
        ("page-b", 3),
        ("page-c", 1),
        ("nowhere", 0),
        ("page-b", -1),
        ("page-b", 9),
    ):
        ask(f"from {cursor}", "page-a", "page-b", "page-c", limit=3, cursor=cursor)
    ask("bad ones between good ones", "nowhere", "page-a", "bad name", "page-b", limit=4)
    ask("a cursor at what is not there", "page-a", "nowhere", cursor=("nowhere", 0))


@story
def log_directories(asker: Asker) -> None:
    asker.create("stored", partitions=2)
    put(asker, "stored", batch("a", "b"))
    rows = [("stored", [0, 1, 5]), ("nowhere", [0])]
    topics = [DescribableLogDirTopic(topic=name, partitions=indexes) for name, indexes in rows]
    asker.ask_in_versions("some", "DescribeLogDirs", lambda _: DescribeLogDirsRequest(topics=topics))
    asker.ask_in_versions("none", "DescribeLogDirs", lambda _: DescribeLogDirsRequest(topics=[]))
    asker.ask("unknown ones", "DescribeLogDirs", DescribeLogDirsRequest(topics=topics[1:]))


@story
def log_directories_of_what_nobody_touched(asker: Asker) -> None:
    new = CreatableTopic(name="untouched", num_partitions=3, replication_factor=1)
    asker.quietly("CreateTopics", CreateTopicsRequest(topics=[new], timeout_ms=30_000))
    deadline = time.monotonic() + 20
    while True:  # Apache Kafka answers CreateTopics before it has made the partitions
        reply = asker.quietly("DescribeLogDirs", DescribeLogDirsRequest(topics=None))
        for directory in reply.results:
            directory.topics = [topic for topic in directory.topics if topic.name == "untouched"]
        count = sum(len(topic.partitions) for directory in reply.results for topic in directory.topics)
        if count == new.num_partitions or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    asker.write("all there are", "DescribeLogDirs v4", asker.plain.message(reply))
    some = [DescribableLogDirTopic(topic="untouched", partitions=[2, 0])]
    asker.ask("two of three", "DescribeLogDirs", DescribeLogDirsRequest(topics=some))


@story
def changed_configs_take_effect(asker: Asker) -> None:
    asker.create("changing")
    for change in (
        ("max.message.bytes", SET, "150"),
        ("max.message.bytes", DELETE, None),
        ("message.timestamp.type", SET, "LogAppendTime"),
        ("message.timestamp.type", DELETE, None),
        ("compression.type", SET, "gzip"),
        ("min.insync.replicas", SET, "2"),
        ("cleanup.policy", SET, "compact"),
        ("message.timestamp.before.max.ms", SET, "1000"),
    ):
        asker.ask(f"change {change}", "IncrementalAlterConfigs", incremental(TOPIC, "changing", change))
        asker.settle()
        for acks in (1, -1):
            request = produce(asker, ("changing", 0, batch("x" * 100)), acks=acks)
            asker.ask(f"after {change[:2]}, acks {acks}", "Produce", request)
    for offset in range(0, 10, 2):
        asker.ask(f"what was written from {offset}", "Fetch", fetch(asker, at("changing", offset)))
