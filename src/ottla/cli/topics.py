"""List, create, describe, alter and delete topics.

examples:
  ottla topics create orders --partitions 3 --config retention.ms=3600000
  ottla topics describe orders
  ottla topics alter orders --partitions 6 --config cleanup.policy=compact --delete-config retention.ms
  ottla topics list --json
"""

import argparse
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from ottla.cli.connecting import add_bootstrap_server, checked_bootstrap_servers, client_options, talk
from ottla.cli.errors import CommandError, UsageError
from ottla.cli.output import print_json, print_text
from ottla.cli.topic_views import count, description, document, summary

if TYPE_CHECKING:
    from ottla.client.admin import Admin, ConfigChange

Action = Callable[["Admin", argparse.Namespace], Coroutine[Any, Any, None]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the five actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", "the names of all topics", list_topics)
    listing.add_argument("--internal", action="store_true", help="the system's own topics too")
    create = _action(actions, "create", "create a topic, or several alike", create_topics)
    _name(create)
    create.add_argument(
        "--partitions", type=int, default=-1, metavar="N", help="default: the broker's num.partitions"
    )
    create.add_argument(
        "--replication-factor", type=int, default=-1, metavar="N", help="default: the broker's"
    )
    _config(create)
    create.add_argument("--if-not-exists", action="store_true", help="one that exists is no error")
    create.add_argument("--validate-only", action="store_true", help="check, create nothing")
    describe = _action(actions, "describe", "partitions, leaders and configs", describe_topics)
    describe.add_argument("topics", nargs="*", metavar="TOPIC", help="default: all")
    alter = _action(actions, "alter", "change partitions and configs", alter_topics)
    _name(alter)
    alter.add_argument("--partitions", type=int, metavar="N", help="more of them, N in the end")
    _config(alter)
    alter.add_argument(
        "--delete-config", action="append", default=[], metavar="NAME", help="back to its default"
    )
    delete = _action(actions, "delete", "delete topics and all they hold", delete_topics)
    _name(delete)
    delete.add_argument("--if-exists", action="store_true", help="one that does not exist is no error")
    delete.add_argument("--internal", action="store_true", help="the system's own topics too")


def _action(
    actions: "argparse._SubParsersAction[Any]", name: str, summary: str, action: Action
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary.capitalize()}."
    )
    add_bootstrap_server(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.set_defaults(run=lambda options: _run(action, options))
    return parser


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topics", nargs="+", metavar="TOPIC")


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a config of the topic; may be repeated",
    )


def _run(action: Action, options: argparse.Namespace) -> int:
    servers = checked_bootstrap_servers(options.bootstrap_server)
    options.configs = _configs(getattr(options, "config", []))

    async def work() -> int:
        from ottla.client.admin import Admin
        from ottla.client.config.settings import AdminSettings

        async with Admin(servers, **client_options(options, AdminSettings)) as admin:
            await action(admin, options)
        return 0

    return talk(work())


def _configs(words: Sequence[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise UsageError(f"--config {word}: write NAME=VALUE, such as retention.ms=3600000")
    return {name: value for name, _, value in (word.partition("=") for word in words)}


async def list_topics(admin: "Admin", options: argparse.Namespace) -> None:
    """Names, one to a line; or name, id and counts as JSON."""
    topics = [topic for topic in await admin.list_topics() if options.internal or not topic.is_internal]
    if options.json:
        print_json([summary(topic) for topic in topics])
    elif topics:
        print_text("\n".join(topic.name for topic in topics))


async def create_topics(admin: "Admin", options: argparse.Namespace) -> None:
    """Create each; the first that fails ends it."""
    from ottla.core.errors import ErrorCode, KafkaError
    from ottla.core.ids import uuid_text

    created: list[dict[str, object]] = []
    for name in options.topics:
        try:
            topic = await admin.create_topic(
                name,
                partitions=options.partitions,
                replication_factor=options.replication_factor,
                configs=options.configs,
                validate_only=options.validate_only,
            )
        except KafkaError as error:
            if error.code != ErrorCode.TOPIC_ALREADY_EXISTS:
                raise
            if options.if_not_exists:
                continue
            fix = "`ottla topics alter` changes it, --if-not-exists leaves it"
            raise CommandError(f"topic {name} exists already; {fix}") from None
        created.append({"topic": name, "topic_id": uuid_text(topic.topic_id), "partitions": topic.partitions})
        if not options.json:
            done = "could be created" if options.validate_only else "created"
            print_text(f"{name}: {done}, {count(topic.partitions, 'partition')}")
    if options.json:
        print_json(created)


async def describe_topics(admin: "Admin", options: argparse.Namespace) -> None:
    """Each topic with its partitions, and the configs that are not defaults."""
    from ottla.client.admin import ConfigResource, ResourceType

    if options.topics:
        topics = list((await admin.describe_topics(options.topics)).checked().values())
    else:
        topics = [topic for topic in await admin.list_topics() if not topic.is_internal]
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics}
    described = (await admin.describe_configs(resources.values())).checked()
    documents: list[dict[str, object]] = []
    for number, topic in enumerate(topics):
        configs = list(described[resources[topic.name]].values())
        if options.json:
            documents.append(document(topic, configs))
        else:
            print_text(("\n" if number else "") + description(topic, configs))
    if options.json:
        print_json(documents)


async def alter_topics(admin: "Admin", options: argparse.Namespace) -> None:
    """Partitions first, then configs."""
    from ottla.core.errors import ErrorCode, KafkaError

    if options.partitions is None and not options.configs and not options.delete_config:
        raise UsageError("nothing to alter; give --partitions, --config or --delete-config")
    for name in options.topics:
        try:
            await _alter(admin, name, options)
        except KafkaError as error:
            if error.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                raise _missing(name) from None
            raise
    _done(options, options.topics, "altered")


async def _alter(admin: "Admin", name: str, options: argparse.Namespace) -> None:
    from ottla.client.admin import ConfigResource, ResourceType

    if options.partitions is not None:
        (await admin.create_partitions({name: options.partitions})).one(name)
    if options.configs or options.delete_config:
        resource = ConfigResource(ResourceType.TOPIC, name)
        (await admin.alter_configs({resource: _changes(options)})).one(resource)


def _changes(options: argparse.Namespace) -> "list[ConfigChange]":
    from ottla.client.admin import ConfigChange, ConfigOperation

    put = [ConfigChange(name, value) for name, value in options.configs.items()]
    return put + [ConfigChange(name, operation=ConfigOperation.DELETE) for name in options.delete_config]


async def delete_topics(admin: "Admin", options: argparse.Namespace) -> None:
    """Delete each; the first that fails ends it."""
    from ottla.core.errors import ErrorCode, KafkaError

    deleted: list[str] = []
    for name in options.topics:
        if not options.internal:
            await _check_is_no_internal_topic(admin, name)
        try:
            await admin.delete_topic(name)
            deleted.append(name)
        except KafkaError as error:
            if error.code != ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                raise
            if not options.if_exists:
                raise _missing(name) from None
    _done(options, deleted, "deleted")


async def _check_is_no_internal_topic(admin: "Admin", name: str) -> None:
    """With one of them all groups or all transactions would be gone."""
    if not name.startswith("__"):
        return
    topic = (await admin.describe_topics([name])).succeeded.get(name)
    if topic is not None and topic.is_internal:
        raise CommandError(
            f"topic {name} is the system's own, and all that it knows is in there; --internal insists"
        )


def _missing(name: str) -> CommandError:
    return CommandError(f"topic {name} does not exist; `ottla topics list` shows those that do")


def _done(options: argparse.Namespace, names: Sequence[str], what: str) -> None:
    if options.json:
        print_json([{"topic": name, what: True} for name in names])
    elif names:
        print_text("\n".join(f"{name}: {what}" for name in names))
